import CoreIngest
import TestServers
import Testing

@testable import Collector

@Suite("Certificates of the collector")
struct TLSFilesTests {
    private let certificates: Certificates
    private let now: Int64

    init() throws {
        certificates = Certificates(try TemporaryFolder("tls"))
        try certificates.make("good")
        now = Timestamp.now() / 1_000_000
    }

    private func problem(_ certificate: String, _ key: String, after seconds: Int64 = 0) -> String {
        let settings = TLSSettings(
            certificateFile: certificates.path(certificate), keyFile: certificates.path(key))
        do throws(CollectorError) {
            _ = try TLSFiles.load(settings, now: now + seconds)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("A pair that belongs together is loaded, with the time of its end")
    func good() throws {
        let settings = TLSSettings(
            certificateFile: certificates.path("good.pem"), keyFile: certificates.path("good.key"))
        let loaded = try TLSFiles.load(settings, now: now)
        #expect(loaded.certificates == 1)
        #expect((now + 86_000...now + 86_500).contains(loaded.expires))
    }

    @Test("What is wrong is told with the file's name and what to do")
    func problems() throws {
        try certificates.make("other")
        try certificates.run([
            "pkey", "-in", certificates.path("good.key"), "-aes256", "-passout", "pass:secret", "-out",
            certificates.path("locked.key"),
        ])
        try writeText("nothing", to: certificates.path("empty.pem"))
        #expect(problem("none.pem", "good.key").contains("none.pem (http.tls.certificateFile) cannot be opened"))
        #expect(problem("good.pem", "none.key").contains("none.key (http.tls.keyFile) cannot be opened"))
        #expect(problem("empty.pem", "good.key").contains("empty.pem (http.tls.certificateFile) holds no certificate"))
        #expect(problem("good.key", "good.key").contains("holds no certificate"))
        #expect(problem("good.pem", "good.pem").contains("holds no private key in PEM"))
        #expect(problem("good.pem", "locked.key").contains("an encrypted one is to be decrypted first"))
        let mismatch = problem("good.pem", "other.key")
        #expect(mismatch.contains("other.key is not that of the first certificate in"))
        #expect(problem("good.pem", "good.key", after: 2 * 86_400).contains("good.pem has expired, at 20"))
        #expect(problem("good.pem", "good.key", after: -86_400).contains("good.pem is not valid before 20"))
        #expect(problem("good.pem", "good.key").isEmpty)
    }

    @Test("A renewal reaches new connections; files that do not go together leave what was there")
    func renewal() throws {
        try certificates.make("used")
        let identity = try TLSIdentity(
            TLSSettings(certificateFile: certificates.path("used.pem"), keyFile: certificates.path("used.key")),
            logger: .quiet)
        let first = identity.context
        identity.refresh(asked: false)
        #expect(identity.context === first)
        try writeText(readText(certificates.path("good.pem")), to: certificates.path("used.pem"))
        identity.refresh(asked: false)
        #expect(identity.context === first)
        try writeText(readText(certificates.path("good.key")), to: certificates.path("used.key"))
        identity.refresh(asked: false)
        #expect(identity.context !== first)
    }
}
