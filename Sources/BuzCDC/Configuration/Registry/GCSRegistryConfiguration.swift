import CoreIngest
import HTTPClient
import Registries

/// `type: gcs`.
struct GCSRegistryConfiguration: RegistryBackend {
    private let bucket: String
    private let prefix: String
    private let endpoint: String
    private let credentials: GoogleCredentialSource
    private let http: RegistryHTTP

    private enum Keys {
        static let endpoint = Key<String>.text(
            "endpoint", "The JSON API: another address for a private endpoint or an emulator.",
            .defaulted("https://storage.googleapis.com"), rule: RegistryHTTP.webAddress)
    }

    static let type = "gcs"
    static let doc = "A bucket of Google Cloud Storage."
    static let keys =
        [BucketKeys.bucket.specification, BucketKeys.prefix.specification, Keys.endpoint.specification]
        + GoogleCredentialKeys.keys + RegistryHTTP.keys

    init(_ section: CheckedSection) {
        bucket = section[BucketKeys.bucket]
        prefix = section[BucketKeys.prefix]
        endpoint = section[Keys.endpoint]
        credentials = GoogleCredentialKeys.source(section)
        http = RegistryHTTP(section)
    }

    func registry() -> any SchemaRegistry {
        http.bucket(bucket, at: endpoint, credentials: credentials, prefix: prefix)
    }
}
