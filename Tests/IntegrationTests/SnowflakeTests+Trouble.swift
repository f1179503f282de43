import Glibc
import TestServers
import Testing

extension SnowflakeTests {
    /// As after `REVOKE`: statements and streaming are refused with Snowflake's codes, until the faults are taken away.
    private func revoke() throws {
        try snowflake.fault(
            "statements",
            #""status":422,"code":"003001","message":"SQL access control error: Insufficient privileges to operate on schema 'PUBLIC'","count":1000000"#
        )
        try snowflake.fault("/v2/streaming", #""status":403,"message":"not authorized","count":1000000"#)
    }

    @Test("An encrypted key signs in, and a wrong passphrase is one line", .timeLimit(.minutes(2)))
    func keyPair() throws {
        try source.sql("create table t (id int primary key); insert into t values (1)", database: "shop")
        let strict = try SnowflakeEmulator(requiresAuth: true)
        func sidecar(_ passphrase: String) throws -> Sidecar {
            let sidecar = try Sidecar(
                url: source.url("shop"),
                sinks: """
                    - {name: warehouse, type: snowflake, account: org-acct, url: "\(strict.url)", user: BUZ, privateKeyFile: "OUT.p8",
                       privateKeyPassphrase: \(passphrase), database: SHOP}
                    """)
            let path = sidecar.outputFolder
            for command in [
                "openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:sesame -out \(path).p8",
                "openssl rsa -in \(path).p8 -passin pass:sesame -pubout -out \(path).pub",
            ] { _ = try ChildProcess.run(["sh", "-c", command], folder: sidecar.folder) }
            try strict.control("PUT", "users/BUZ", readText("\(path).pub"))
            return sidecar
        }
        let wrong = try sidecar("guessed")
        let check = try wrong.command(["check", "--config", wrong.configuration])
        #expect(check.code == 1)
        #expect(check.output.contains("the passphrase does not open the private key"), "\(check.output)")
        let right = try sidecar("sesame")
        try right.runUntilIdle()
        let rows = try strict.control("GET", "requests?path_regex=/rows")
        #expect(rows.contains("/rows"), "\(right.errors)")
        #expect(!right.errors.contains("sesame") && !check.output.contains("guessed"))
    }

    @Test(
        "A role that is revoked while it runs is one line, nothing is lost, and it goes on once the role is granted",
        .timeLimit(.minutes(3)), arguments: ["commitTimeout: 20s", "mode: mirror, merge: {interval: 1s}"])
    func revokedRole(mode: String) throws {
        try source.sql(
            "create table t (id int primary key); insert into t select generate_series(1, 100)", database: "shop")
        let sidecar = try sidecar("\(mode), retry: {initial: 100ms, max: 500ms}")
        try sidecar.runUntilIdle()
        try sidecar.startReady()
        try revoke()
        try source.sql("insert into t select generate_series(101, 200)", database: "shop")
        try eventually(within: 60, "no word of it: \(sidecar.errors)") {
            sidecar.get("/stats?format=text")?.body.contains("privilege") == true
        }
        #expect(sidecar.get("/health/ready")?.status == 503)
        let lines = sidecar.errors.split(separator: "\n").filter { $0.contains("privilege") }
        #expect(lines.allSatisfy { $0.contains("unauthorized") && $0.contains("snowflake sink warehouse") }, "\(lines)")
        // What came meanwhile is on disk, also after a kill; a start is not ready before the sink was opened.
        sidecar.kill9()
        try sidecar.start()
        try eventually(within: 60, "ready without the role: \(sidecar.errors)") {
            let ready = sidecar.get("/health/ready")
            return ready?.status == 503 && ready?.body.contains("privilege") == true
        }
        try source.sql("insert into t select generate_series(201, 300)", database: "shop")
        try snowflake.control("DELETE", "faults")
        try sidecar.waitReady(seconds: 60)
        let question =
            mode.contains("mirror")
            ? "SELECT count(*), count(DISTINCT ID) FROM T" : "SELECT count(*), count(DISTINCT UUID) FROM EVENTS"
        try eventually(within: 60, "not everything came: \(sidecar.errors)") {
            try snowflake.sql(question, database: "SHOP") == "300|300"
        }
        #expect(try sidecar.terminate(seconds: 60) == 0)
    }

    @Test(
        "Beside a destination that hangs memory stays bounded, and what comes waits on disk", .timeLimit(.minutes(3)),
        arguments: ["mode: events", "mode: mirror, merge: {interval: 1s}"])
    func hangs(mode: String) throws {
        try source.sql("create table t (id int primary key, v text)", database: "shop")
        let sidecar = try sidecar("\(mode), park: {after: 2s}")
        try sidecar.runUntilIdle()
        try sidecar.startReady()
        try snowflake.fault(".", #""delay_ms":3600000,"count":1000000"#)
        try source.sql(
            "insert into t select i, repeat(md5(i::text), 64) from generate_series(1, 30000) i", database: "shop")
        try eventually(within: 90, "nothing is parked: \(sidecar.errors.suffix(800))") {
            (sidecar.metric("buz_sink_parked_bytes") ?? 0) > 30_000_000
        }
        #expect((sidecar.metric("buz_resident_memory_bytes") ?? 0) < 250_000_000)
        #expect(sidecar.get("/health/live")?.status == 200)
        sidecar.kill9()
    }
}
