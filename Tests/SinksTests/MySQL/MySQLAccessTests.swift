import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// Who may sign in, how, and what for.
@Suite(.serialized, .enabled(if: !MySQLServer.installed.isEmpty), .timeLimit(.minutes(3)))
struct MySQLAccessTests {
    @Test(
        "Each way of signing in works over TCP with and without TLS and by a Unix socket, when the server knows the user and when it has forgotten",
        .enabled(if: MySQLServer.installed.contains(.mySQL)), arguments: ["caching_sha2_password", "sha256_password"])
    func signingIn(plugin: String) async throws {
        let server = try MySQLServer(.mySQL)
        try server.sql(
            """
            CREATE USER other IDENTIFIED WITH \(plugin) BY 'a long''er password \u{1F600}';
            GRANT ALL ON shop_copy.* TO other;
            CREATE USER bare IDENTIFIED WITH \(plugin) BY ''; GRANT ALL ON shop_copy.* TO bare;
            """)
        let word = "a%20long'er%20password%20%F0%9F%98%80"
        for hasTLS in [true, false] {
            if !hasTLS {
                try server.stop()
                try server.start(with: ["tls-version="])
            }
            for tls in hasTLS ? [MySQLTLS.off, .preferred, .required] : [.off, .preferred] {
                for place in ["127.0.0.1:\(server.port)/shop_copy", "localhost/shop_copy?socket=\(server.socket)"] {
                    for identity in ["other:\(word)", "bare"] {
                        // sha256_password sends even an empty password through the same door; libmariadb does it.
                        try server.sql("FLUSH PRIVILEGES")
                        for _ in 0..<2 {
                            let sink = MySQLSink(
                                MySQLSinkSettings(name: "copy", url: "mysql://\(identity)@\(place)", tls: tls),
                                renderer: SampleEvents.renderer)
                            do {
                                _ = try await sink.open()
                            } catch {
                                Issue.record("\(plugin) \(identity.prefix(4)) \(tls) \(hasTLS) \(place): \(error)")
                            }
                            await sink.close()
                        }
                    }
                    let url = "mysql://other:wrong@\(place)"
                    let wrong = try #require(await failure(url, tls))
                    #expect(wrong.code == .unauthorized && wrong.message.contains("1045"), "\(tls) \(place): \(wrong)")
                }
            }
        }
    }

    private func failure(_ url: String, _ tls: MySQLTLS) async -> SinkFailure? {
        let settings = MySQLSinkSettings(name: "copy", url: url, tls: tls)
        do {
            _ = try await MySQLSink(settings, renderer: SampleEvents.renderer).open()
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "What is not granted is told before the first write, also by roles and table by table",
        arguments: MySQLServer.installed)
    func grants(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
        func found(_ mode: MySQLSinkSettings.Mode, _ grants: String) async throws -> [SinkFinding] {
            try server.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM buz@'127.0.0.1'; \(grants)")
            let sink = fixture.sink(mode)
            _ = try? await sink.open()
            let findings = await sink.inspect()
            await sink.close()
            return findings
        }
        let user = "ON shop_copy.* TO buz@'127.0.0.1'"
        let whole = "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP \(user)"
        #expect(try await found(.mirror, whole).isEmpty)
        #expect(try await found(.events, "GRANT SELECT, INSERT, UPDATE, CREATE \(user)").isEmpty)
        let reader = try await found(.mirror, "GRANT SELECT \(user)")
        #expect(reader.map(\.severity) == [.error, .warning, .warning], "\(reader)")
        #expect(reader.first?.message == "buz may not INSERT, UPDATE, DELETE in shop_copy", "\(reader)")
        #expect(
            reader.first?.remedy == "GRANT INSERT, UPDATE, DELETE ON `shop_copy`.* TO the user", "\(reader)")
        #expect(reader.dropFirst().first?.message.contains("CREATE, ALTER") == true, "\(reader)")
        let emptying = try await found(.mirror, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER \(user)")
        #expect(emptying.map(\.severity) == [.warning] && emptying[0].message.contains("DROP"), "\(emptying)")
        let single = try await found(
            .events, "GRANT SELECT \(user); GRANT INSERT, UPDATE ON shop_copy.buz_cdc_positions TO buz@'127.0.0.1'")
        #expect(single.map(\.severity) == [.warning, .warning], "\(single)")
        let role =
            kind == .mySQL
            ? "GRANT writer TO buz@'127.0.0.1'; SET DEFAULT ROLE writer TO buz@'127.0.0.1'"
            : "GRANT writer TO buz@'127.0.0.1'; SET DEFAULT ROLE writer FOR buz@'127.0.0.1'"
        let byRole = try await found(
            .mirror, "CREATE ROLE writer; GRANT ALL ON shop_copy.* TO writer; GRANT SELECT \(user); \(role)")
        #expect(byRole.isEmpty, "\(byRole)")
        #expect(try server.sql("SHOW TABLES") == "buz_cdc_positions")
    }
}
