import Collector
import CoreIngest

/// The `http.tls` section: with which certificate the collector's port speaks TLS. It does where a certificate is named.
enum CollectorTLSConfiguration {
    private enum Keys {
        static let certificateFile = Key<String?>.optionalText(
            "certificateFile",
            "PEM file with the server's certificate, then those between it and the root. Naming it turns TLS on. It is read again when it changes, and on SIGHUP.",
            example: "/etc/buz-cdc/tls/fullchain.pem")
        static let keyFile = Key<String?>.optionalText(
            "keyFile", "PEM file with the certificate's private key, not encrypted.",
            example: "/etc/buz-cdc/tls/privkey.pem")
        static let minimumVersion = Key<TLSSettings.Version>.choice(
            "minimumVersion", "The oldest version of TLS that is spoken.", .defaulted("1.2"))
        static let clientAuthoritiesFile = Key<String?>.optionalText(
            "clientAuthoritiesFile",
            "PEM file with certificates of authorities: clients must show a certificate that one of them signed.",
            example: "/etc/buz-cdc/tls/clients.pem")
    }

    static let specification = SectionSpecification(
        "TLS on the collector's port. The handshake must be over within http.limits.headTimeout.",
        [
            Keys.certificateFile.specification, Keys.keyFile.specification, Keys.minimumVersion.specification,
            Keys.clientAuthoritiesFile.specification,
        ])

    /// Nil without a certificate; ``ConfigurationChecker/checkCollector(_:)`` has seen to the key.
    static func read(_ section: CheckedSection) -> TLSSettings? {
        guard let certificate = section[Keys.certificateFile], let key = section[Keys.keyFile] else { return nil }
        var settings = TLSSettings(certificateFile: certificate, keyFile: key)
        settings.minimumVersion = section[Keys.minimumVersion]
        settings.clientAuthoritiesFile = section[Keys.clientAuthoritiesFile]
        return settings
    }
}
