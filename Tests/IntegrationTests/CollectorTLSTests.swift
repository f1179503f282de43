import Glibc
import TestServers
import Testing

@Suite("TLS on the collector's port", .serialized)
struct CollectorTLSTests {
    private let certificates: Certificates
    private let body = CollectorSidecar.event("one")

    init() throws { certificates = Certificates(try TemporaryFolder("tls")) }

    private func collector(_ more: String = "", port: Int) throws -> CollectorSidecar {
        try CollectorSidecar(
            http: """
                limits: {headTimeout: 500ms}
                tls:
                  certificateFile: \(certificates.path("server.pem"))
                  keyFile: \(certificates.path("server.key"))
                \(more)
                """, port: port)
    }

    /// Posts an event with curl; answers the status and the body, or curl's exit code.
    private func curl(_ port: Int, _ arguments: [String] = [], scheme: String = "https") throws -> String {
        let curl = try ChildProcess(
            ["curl", "-sS", "-m", "20", "--cacert", certificates.path("server.pem")] + arguments + [
                "-d", body, "-w", " %{http_code}", "\(scheme)://127.0.0.1:\(port)/self-describing",
            ], folder: certificates.folder)
        let code = try curl.wait(seconds: 30)
        return code == 0 ? curl.output : "exit \(code)"
    }

    /// The serial number of the certificate that a new connection gets.
    private func serial(_ port: Int) throws -> String {
        let shown = try ChildProcess.run(
            [
                "bash", "-c",
                "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -serial",
            ], folder: certificates.folder)
        return shown.split(separator: "\n").joined()
    }

    @Test("Events come over TLS, plain HTTP is told so, a silent client is let go, and a renewal needs no restart")
    func server() throws {
        try certificates.make("server")
        try certificates.make("next")
        let port = try freePort()
        let collector = try collector(port: port)
        try collector.sidecar.startReady()
        #expect(try curl(port) == #"{"message":"ok"} 200"#)
        #expect(try curl(port, ["--tls-max", "1.2"]).hasSuffix(" 200"))
        #expect(try curl(port, ["--tls-max", "1.1"]).hasPrefix("exit "))
        #expect(try curl(port, scheme: "http").contains("this port speaks TLS: use https://"))
        let silent = try #require(HTTPConnection(port: port))
        #expect(silent.isClosed(), "without a handshake a connection ends")
        let first = try serial(port)
        for file in ["pem", "key"] {
            try writeText(readText(certificates.path("next.\(file)")), to: certificates.path("server.\(file)"))
        }
        collector.sidecar.process?.stop(SIGHUP)
        try eventually(within: 20, "the certificate stays; \(collector.sidecar.errors)") {
            (try? serial(port)).map { $0 != first && !$0.isEmpty } == true
        }
        #expect(try curl(port).hasSuffix(" 200"))
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        #expect(collector.events().count == 3)
    }

    @Test("With authorities named, only their clients may send")
    func mutual() throws {
        try certificates.make("server")
        try certificates.make("authority", subject: "authority")
        try certificates.make("client", signedBy: "authority")
        try certificates.make("stranger")
        let port = try freePort()
        let collector = try collector("  clientAuthoritiesFile: \(certificates.path("authority.pem"))", port: port)
        try collector.sidecar.startReady()
        func with(_ name: String) throws -> String {
            try curl(port, ["--cert", certificates.path("\(name).pem"), "--key", certificates.path("\(name).key")])
        }
        #expect(try with("client").hasSuffix(" 200"))
        #expect(try curl(port).hasPrefix("exit "))
        #expect(try with("stranger").hasPrefix("exit "))
        #expect(try collector.sidecar.terminate() == 0)
    }

    @Test("The check tells a certificate that does not fit, and a port that is taken")
    func check() throws {
        try certificates.make("server")
        let port = try freePort()
        let collector = try collector(port: port)
        func check() throws -> (code: Int32, output: String, errors: String) {
            try collector.sidecar.command(["check", "--config", collector.sidecar.configuration])
        }
        var found = try check()
        #expect(found.code == 0, "\(found)")
        #expect(found.output.contains("server.key go together, until 20"))
        #expect(found.output.contains("127.0.0.1:\(port) is free"))
        try certificates.make("other")
        try writeText(readText(certificates.path("other.key")), to: certificates.path("server.key"))
        let squatter = try ChildProcess(
            ["python3", "-c", "import socket,time; s=socket.create_server(('127.0.0.1',\(port))); time.sleep(60)"],
            folder: certificates.folder)
        try eventually(within: 20, "nobody listens") { HTTPConnection(port: port) != nil }
        found = try check()
        squatter.stop(SIGKILL)
        #expect(found.code == 1)
        #expect(found.output.contains("server.key is not that of the first certificate in"))
        #expect(found.output.contains("cannot listen on 127.0.0.1:\(port)"))
        try collector.sidecar.start()
        #expect(try collector.sidecar.process?.wait(seconds: 30) == 1)
        #expect(collector.sidecar.errors.contains("is not that of the first certificate in"))
    }
}
