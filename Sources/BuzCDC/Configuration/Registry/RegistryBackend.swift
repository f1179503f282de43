import CoreIngest
import HTTPClient
import Registries

/// The part of the `registry` section that belongs to a type of backend: one file for each.
protocol RegistryBackend: Sendable {
    /// What stands after `type:`.
    static var type: String { get }
    /// What it is, for users.
    static var doc: String { get }
    static var keys: [KeySpecification] { get }

    /// From a section without problems.
    init(_ section: CheckedSection)

    /// Whether answers come over a network, so that a copy on disk is worth while.
    var isRemote: Bool { get }

    /// Not connected to yet.
    func registry() throws(CommandFailure) -> any SchemaRegistry
}

extension RegistryBackend {
    var isRemote: Bool { true }
}

/// Keys that backends behind HTTP share.
enum RegistryHTTPKeys {
    static let timeout = Key<Duration>.duration(
        "timeout", "How long an answer may take.", .defaulted("10s"), in: .milliseconds(100)...(.seconds(120)))
    static let authorities = Key<String?>.optionalText(
        "authorities", "PEM file of the certificate authorities to trust in place of the system's.",
        example: "/etc/ssl/private-ca.pem")

    static func url(_ doc: String, example: ConfigurationLiteral) -> Key<String> {
        .text("url", doc, .required, rule: webAddress, secrecy: .connection, example: example)
    }

    private static let webAddress = TextRule(
        description: "an address such as https://host/path, without user, query and fragment",
        pattern: "^https?://[^/@?#\\s]+[^@?#\\s]*$"
    ) { text in
        let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
        return !rest.isEmpty && !rest.hasPrefix("/") && text.utf8.count <= 4096
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"@?#\\".utf8.contains($0) }
    }

    static func client(_ section: CheckedSection) -> HTTPClient {
        var settings = HTTPClient.Settings()
        settings.userAgent = "buz-cdc/\(Version.current)"
        settings.authorities = section[authorities]
        return HTTPClient(settings)
    }
}
