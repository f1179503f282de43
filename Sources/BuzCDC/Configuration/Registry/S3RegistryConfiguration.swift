import CoreIngest
import HTTPClient
import Registries

/// `type: s3`.
struct S3RegistryConfiguration: RegistryBackend {
    private let bucket: String
    private let prefix: String
    private let region: String?
    private let endpoint: String?
    private let addressing: S3Settings.Addressing
    private let credentials: AWSCredentials?
    private let http: RegistryHTTP

    private enum Keys {
        static let endpoint = Key<String?>.optionalText(
            "endpoint", "Address of another server than Amazon's, such as MinIO.", rule: RegistryHTTP.webAddress,
            example: "http://minio:9000")
        static let addressing = Key<S3Settings.Addressing>.choice(
            "addressing",
            "Where the bucket stands: host (https://BUCKET.s3.REGION.amazonaws.com), path (ENDPOINT/BUCKET), or auto: host at Amazon, unless the bucket has dots, and path elsewhere.",
            .defaulted("auto"))
    }

    static let type = "s3"
    static let doc = "A bucket of S3, MinIO or what speaks like them."
    static let keys =
        [
            BucketKeys.bucket.specification, BucketKeys.prefix.specification, AWSKeys.region.specification,
            Keys.endpoint.specification, Keys.addressing.specification,
        ] + AWSKeys.credentials + RegistryHTTP.keys

    init(_ section: CheckedSection) {
        bucket = section[BucketKeys.bucket]
        prefix = section[BucketKeys.prefix]
        region = section[AWSKeys.region]
        endpoint = section[Keys.endpoint]
        addressing = section[Keys.addressing]
        credentials = AWSKeys.credentials(section)
        http = RegistryHTTP(section)
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        AWSKeys.check(section, &checker)
    }

    func registry() -> any SchemaRegistry {
        http.bucket(
            S3Settings(
                bucket: bucket, region: AWSKeys.region(region), endpoint: endpoint,
                addressing: addressing),
            credentials: credentials, prefix: prefix)
    }
}
