/// With which certificate the collector's port speaks TLS.
package struct TLSSettings: Sendable, Equatable {
    package enum Version: String, Sendable, CaseIterable {
        case v12 = "1.2"
        case v13 = "1.3"
    }

    /// PEM: the server's certificate first, then those that lead to a root.
    package var certificateFile: String
    /// PEM, not encrypted.
    package var keyFile: String
    package var minimumVersion = Version.v12
    /// PEM: clients must have a certificate that one of these signed; nil: they need none.
    package var clientAuthoritiesFile: String?

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
