import CoreIngest
import HTTPClient
import Registries

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What backends behind HTTP share: keys, and how they ask.
struct RegistryHTTP: Sendable {
    private let timeout: Duration
    private let client: HTTPClient

    private enum Keys {
        static let authorities = Key<String?>.optionalText(
            "authorities", "PEM file of the certificate authorities to trust in place of the system's.",
            example: "/etc/ssl/private-ca.pem")
    }

    static let timeout = Key<Duration>.duration(
        "timeout", "How long an answer may take.", .defaulted("10s"), in: .milliseconds(100)...(.seconds(120)))
    static let keys = [timeout.specification, Keys.authorities.specification]

    init(_ section: CheckedSection) {
        timeout = section[Self.timeout]
        var settings = HTTPClient.Settings()
        settings.userAgent = "buz-cdc/\(Version.current)"
        settings.authorities = section[Keys.authorities]
        client = HTTPClient(settings)
    }

    /// `headers`: sent with each request; nil values are left out.
    func requests(_ url: String, headers: KeyValuePairs<String, String?> = [:]) -> RegistryRequests {
        var fields: HTTPHeaders = [:]
        for (name, value) in headers { if let value { fields.append(name, value) } }
        return RegistryRequests(url: url, headers: fields, timeout: timeout, client: client)
    }

    /// `credentials`: nil to look for them where AWS's tools do.
    func bucket(_ settings: S3Settings, credentials: AWSCredentials?, prefix: String) -> BucketRegistry {
        let source = AWSCredentialSource(
            given: credentials, environment: AWSEnvironment(region: settings.region, client: client))
        return BucketRegistry(
            S3Store(settings, credentials: source, timeout: timeout, client: client), prefix: prefix)
    }

    func bucket(
        _ name: String, at endpoint: String, credentials: GoogleCredentialSource, prefix: String
    ) -> BucketRegistry {
        let environment = GoogleEnvironment(now: { time(nil) }) { getenv($0).map { String(cString: $0) } }
        let tokens = GoogleCredentials(credentials, scope: GCSStore.scope, client: client, environment: environment)
        return BucketRegistry(GCSStore(requests(endpoint), bucket: name, credentials: tokens), prefix: prefix)
    }

    static func url(_ doc: String, example: ConfigurationLiteral) -> Key<String> {
        .text("url", doc, .required, rule: webAddress, secrecy: .connection, example: example)
    }

    static let webAddress = TextRule(
        description: "an address such as https://host/path, without user, query and fragment",
        pattern: "^https?://[^/@?#\\s]+[^@?#\\s]*$"
    ) { text in
        let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
        return !rest.isEmpty && !rest.hasPrefix("/") && text.utf8.count <= 4096
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"@?#\\".utf8.contains($0) }
    }
}
