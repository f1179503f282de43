import CoreIngest
import Glibc
import SinkTesting
import Synchronization
import TestServers
import Testing

@testable import HTTPClient
@testable import Sinks

@Suite("Snowflake sink: credentials", .serialized, .enabled(if: SnowflakeEmulator.isInstalled), .timeLimit(.minutes(3)))
struct SnowflakeCredentialTests {
    let emulator: SnowflakeEmulator
    let fixture: SnowflakeFixture

    init() throws {
        emulator = try SnowflakeEmulator(requiresAuth: true)
        fixture = try SnowflakeFixture(emulator)
        try makeKey("key")
    }

    private func makeKey(_ name: String) throws {
        let path = "\(fixture.folder.path)/\(name)"
        _ = try ChildProcess.run(["openssl", "genrsa", "-out", "\(path).plain", "2048"], folder: fixture.folder)
        _ = try ChildProcess.run(
            [
                "openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:sesame", "-in", "\(path).plain",
                "-out", path,
            ], folder: fixture.folder)
    }

    private func register(_ name: String) throws {
        let path = "\(fixture.folder.path)/\(name)"
        let text = try ChildProcess.run(
            ["openssl", "rsa", "-in", "\(path).plain", "-pubout"], folder: fixture.folder)
        try emulator.control("PUT", "users/BUZ", text)
    }

    private func settings(_ identity: SnowflakeIdentity) -> SnowflakeSinkSettings {
        var settings = fixture.settings()
        settings.account.identity = identity
        return settings
    }

    private func sink(_ identity: SnowflakeIdentity) -> SnowflakeSink {
        SnowflakeSink(settings(identity), renderer: SampleEvents.renderer, client: SnowflakeFixture.client())
    }

    private var keyPair: SnowflakeIdentity { .keyPair(file: "\(fixture.folder.path)/key", passphrase: "sesame") }

    private func expectRefusal(_ sink: SnowflakeSink, _ words: String...) async {
        let error = await #expect(throws: SinkFailure.self) { try await sink.open() }
        #expect(error?.code == .unauthorized)
        for word in words { #expect(error?.message.contains(word) == true, "\(error?.message ?? "")") }
        #expect(error?.message.contains("sesame") == false)
        #expect(error?.message.contains("\n") == false)
    }

    @Test("A key that Snowflake does not know is one clear line, and works once it is registered")
    func unknownKey() async throws {
        let sink = sink(keyPair)
        await expectRefusal(sink, "390144", "DESCRIBE USER")
        try register("key")
        var batches = TestBatch()
        let result = try await fixture.deliver([batches.inserts(3)], by: sink)
        #expect(result.failures.isEmpty)
        // Revoked while it runs: nothing is lost, and it goes on when the key is back.
        try emulator.control("DELETE", "users/BUZ")
        let again = self.sink(keyPair)
        await expectRefusal(again, "390144")
        try register("key")
        #expect(try await fixture.deliver([batches.inserts(3)], by: again).failures.isEmpty)
        await sink.close()
        await again.close()
        #expect(try await count() == 6)
    }

    private func count() async throws -> Int {
        // Not by the emulator's own way in, which would need a token too.
        let account = SnowflakeAccount(settings(keyPair).account, client: SnowflakeFixture.client())
        let statements = SnowflakeStatements(
            account, settings(keyPair).session, usage: SnowflakeUsage(sink: "test"))
        let rows = try statements.run("SELECT count(*) FROM EVENTS").rows
        return rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? -1
    }

    @Test("A wrong passphrase, a missing file and a file that is no key say so, without asking Snowflake")
    func unreadableKeys() async throws {
        try register("key")
        let path = fixture.folder.path
        await expectRefusal(sink(.keyPair(file: "\(path)/key", passphrase: "wrong")), "passphrase")
        await expectRefusal(sink(.keyPair(file: "\(path)/key", passphrase: nil)), "encrypted")
        await expectRefusal(sink(.keyPair(file: "\(path)/none", passphrase: nil)), "privateKeyFile", "/none")
        await expectRefusal(sink(.keyPair(file: "\(path)/token", passphrase: nil)), "PEM")
        await expectRefusal(sink(.oauth(file: "\(path)/none")), "tokenFile")
        try writeText("two words", to: "\(path)/token")
        await expectRefusal(sink(.programmatic(file: "\(path)/token")), "one token")
    }

    @Test(
        "Tokens in files are taken, and after one has run out the next one in the file is",
        arguments: [("OAUTH", "390303"), ("PROGRAMMATIC_ACCESS_TOKEN", "394400")])
    func tokens(type: String, code: String) async throws {
        let file = "\(fixture.folder.path)/token"
        let sink = sink(type == "OAUTH" ? .oauth(file: file) : .programmatic(file: file))
        try writeText("first\n", to: file)
        await expectRefusal(sink, code, "tokenFile")
        try emulator.control("PUT", "tokens", "{\"token\":\"first\",\"type\":\"\(type)\"}")
        var batches = TestBatch()
        _ = try await fixture.deliver([batches.inserts(2)], by: sink)
        // It runs out; the program does not start anew.
        try emulator.control("PUT", "tokens", "{\"token\":\"first\",\"type\":\"\(type)\",\"expires_in\":-1}")
        try emulator.control("PUT", "tokens", "{\"token\":\"second\",\"type\":\"\(type)\"}")
        try writeText("second\n", to: file)
        #expect(try await fixture.deliver([batches.inserts(2)], by: sink).failures.isEmpty)
        await sink.close()
    }

    @Test("A clock that is wrong is found out by Snowflake's, and tokens are made by that", arguments: [-7200, 7200])
    func clockSkew(seconds: Int) async throws {
        try register("key")
        let settings = settings(keyPair)
        let account = SnowflakeAccount(
            settings.account, client: SnowflakeFixture.client(),
            now: { Int(Timestamp.now() / 1_000_000) + seconds })
        let statements = SnowflakeStatements(account, settings.session, usage: SnowflakeUsage(sink: "test"))
        #expect(try statements.run("SELECT 1").rows == [["1"]])
        #expect(abs(account.credentials.skew + seconds) < 60)
    }

    @Test("A key's token is made anew before it runs out")
    func renewal() throws {
        let time = Mutex(1_000_000_000)
        let credentials = SnowflakeCredentials(keyPair, account: "org-acct", user: "buz", now: { time.withLock { $0 } })
        let first = try credentials.token().value
        time.withLock { $0 += 2300 }
        #expect(try credentials.token().value == first)
        time.withLock { $0 += 200 }
        #expect(try credentials.token().value != first)
        #expect(SnowpipeStreaming.life(of: first) == 3000)
        #expect("\(try credentials.token())" == "<Snowflake token>")
    }

    @Test(
        "The account's name is that of its address without the region",
        arguments: [
            ("myorg-my_acct", "MYORG-MY_ACCT"), ("xy12345.eu-central-1.aws", "XY12345"),
            ("xy12345-abc.global", "XY12345"),
        ])
    func accountNames(account: String, issuer: String) {
        #expect(SnowflakeCredentials.issuerAccount(account) == issuer)
    }

    @Test("A scoped token that has run out is exchanged, and rows that were under way arrive")
    func scopedToken() async throws {
        try register("key")
        var batches = TestBatch()
        let sink = sink(keyPair)
        _ = try await fixture.deliver([batches.inserts(5)], by: sink)
        try emulator.fault("/rows", #""status":401,"code":"390303""#)
        #expect(try await fixture.deliver([batches.inserts(5)], by: sink, opened: true).failures.isEmpty)
        await sink.close()
        #expect(try await count() == 10)
        let exchanges = try emulator.control("GET", "requests?path_regex=oauth/token")
        #expect(exchanges.ranges(of: "\"status\":200").count == 2)
    }
}
