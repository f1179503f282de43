import CoreIngest
import NIOCore
import NIOSSL

/// Reads certificates and key from their files, and says what is wrong with them.
package enum TLSFiles {
    /// What was read.
    package struct Loaded: Sendable {
        let context: NIOSSLContext
        /// When the first of the certificates expires: seconds since the Unix epoch.
        package let expires: Int64
        package let certificates: Int
    }

    private static let mostBytes = 1 << 20

    /// Throws what is wrong with which file, and what to do. `now`: seconds since the Unix epoch.
    package static func load(_ settings: TLSSettings, now: Int64) throws(CollectorError) -> Loaded {
        let chain = try certificates(settings.certificateFile, "http.tls.certificateFile")
        for (index, certificate) in chain.enumerated() {
            let which = index == 0 ? "the certificate" : "certificate \(index + 1)"
            if Int64(certificate.notValidAfter) < now {
                throw CollectorError(
                    "\(which) in \(settings.certificateFile) has expired, at \(day(certificate.notValidAfter)); renew it"
                )
            }
            if Int64(certificate.notValidBefore) > now {
                throw CollectorError(
                    "\(which) in \(settings.certificateFile) is not valid before \(day(certificate.notValidBefore)); look at the clock"
                )
            }
        }
        let key = try privateKey(settings.keyFile)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = settings.minimumVersion == .v13 ? .tlsv13 : .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(2)
        if let file = settings.clientAuthoritiesFile {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(try certificates(file, "http.tls.clientAuthoritiesFile"))
        }
        do {
            return Loaded(
                context: try NIOSSLContext(configuration: configuration),
                expires: Int64(chain.map(\.notValidAfter).min() ?? 0), certificates: chain.count)
        } catch {
            // Each was read by itself, so they do not go together.
            throw CollectorError(
                "the key in \(settings.keyFile) is not that of the first certificate in \(settings.certificateFile); name the pair that belongs together"
            )
        }
    }

    private static func certificates(_ path: String, _ key: String) throws(CollectorError) -> [NIOSSLCertificate] {
        let bytes = try contents(path, key)
        let found = (try? NIOSSLCertificate.fromPEMBytes(bytes)) ?? []
        guard !found.isEmpty else {
            throw CollectorError(
                "\(path) (\(key)) holds no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----")
        }
        return found
    }

    private static func privateKey(_ path: String) throws(CollectorError) -> NIOSSLPrivateKey {
        let bytes = try contents(path, "http.tls.keyFile")
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw CollectorError(
                "\(path) (http.tls.keyFile) holds no private key in PEM that can be read; an encrypted one is to be decrypted first, with 'openssl pkey'"
            )
        }
    }

    private static func contents(_ path: String, _ key: String) throws(CollectorError) -> [UInt8] {
        do throws(BoundedFile.Failure) {
            return try BoundedFile.read(path, limit: mostBytes, regularOnly: true)
        } catch {
            throw CollectorError("\(path) (\(key)) \(error.reason)")
        }
    }

    /// A time for people to read. `seconds` since the Unix epoch.
    package static func day(_ seconds: Int) -> String { Timestamp.text(Int64(seconds) * 1_000_000) }
}
