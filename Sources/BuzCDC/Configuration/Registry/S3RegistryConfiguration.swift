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
        static let region = Key<String?>.optionalText(
            "region", "The bucket's region. Without it AWS_REGION or AWS_DEFAULT_REGION counts, else us-east-1.",
            rule: .identifier, example: "eu-central-1")
        static let endpoint = Key<String?>.optionalText(
            "endpoint", "Address of another server than Amazon's, such as MinIO.", rule: RegistryHTTP.webAddress,
            example: "http://minio:9000")
        static let addressing = Key<S3Settings.Addressing>.choice(
            "addressing",
            "Where the bucket stands: host (https://BUCKET.s3.REGION.amazonaws.com), path (ENDPOINT/BUCKET), or auto: host at Amazon, unless the bucket has dots, and path elsewhere.",
            .defaulted("auto"))
        static let accessKeyID = Key<String?>.optionalText(
            "accessKeyId",
            "The access key that signs. Without it credentials come from the environment, a web identity, the shared credentials file, the container or the machine's role.",
            example: "${AWS_ACCESS_KEY_ID:-}")
        static let secretAccessKey = Key<String?>.optionalText(
            "secretAccessKey", "The secret that belongs to it.", secrecy: .whole,
            example: "${AWS_SECRET_ACCESS_KEY:-}")
        static let sessionToken = Key<String?>.optionalText(
            "sessionToken", "The session token of temporary credentials.", secrecy: .whole,
            example: "${AWS_SESSION_TOKEN:-}")
    }

    static let type = "s3"
    static let doc = "A bucket of S3, MinIO or what speaks like them."
    static let keys =
        [
            BucketKeys.bucket.specification, BucketKeys.prefix.specification, Keys.region.specification,
            Keys.endpoint.specification, Keys.addressing.specification, Keys.accessKeyID.specification,
            Keys.secretAccessKey.specification, Keys.sessionToken.specification,
        ] + RegistryHTTP.keys

    init(_ section: CheckedSection) {
        bucket = section[BucketKeys.bucket]
        prefix = section[BucketKeys.prefix]
        region = section[Keys.region]
        endpoint = section[Keys.endpoint]
        addressing = section[Keys.addressing]
        if let id = section[Keys.accessKeyID], let secret = section[Keys.secretAccessKey] {
            credentials = AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: section[Keys.sessionToken])
        } else {
            credentials = nil
        }
        http = RegistryHTTP(section)
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        let names = ["accessKeyId", "secretAccessKey"]
        let given = names.filter { section.value($0) != nil || section.failed.contains($0) }
        if let one = given.first, given.count == 1, let value = section.value(one) {
            checker.report(value.position, "accessKeyId and secretAccessKey belong together; give both or none")
        }
    }

    func registry() -> any SchemaRegistry {
        http.bucket(
            S3Settings(
                bucket: bucket, region: region ?? AWSEnvironment.region() ?? "us-east-1", endpoint: endpoint,
                addressing: addressing),
            credentials: credentials, prefix: prefix)
    }
}
