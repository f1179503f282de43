import Glibc
import TestServers
import Testing

/// The whole program from Postgres to Snowflake's emulator.
@Suite("Snowflake, end to end", .serialized, .enabled(if: SnowflakeEmulator.isInstalled))
struct SnowflakeTests {
    let source: PostgresServer
    let snowflake: SnowflakeEmulator

    init() throws {
        source = try PostgresServer()
        try source.sql("create database shop")
        snowflake = try SnowflakeEmulator()
    }

    /// A sidecar with a sink `warehouse`; `more`: its other keys.
    private func sidecar(_ more: String, token: String = "any") throws -> Sidecar {
        let sidecar = try Sidecar(
            url: source.url("shop"),
            sinks: """
                - {name: warehouse, type: snowflake, account: org-acct, url: "\(snowflake.url)", user: BUZ, signIn: programmatic,
                   tokenFile: "OUT.token",
                   database: SHOP, \(more)}
                """)
        try writeText(token, to: "\(sidecar.outputFolder).token")
        return sidecar
    }

    /// pgbench with some faults of the destination, and kill -9 of the sidecar in between.
    private func trouble(_ sidecar: Sidecar, kills: Int) throws {
        try source.tool("pgbench", ["-i", "-s", "1", "-q"], database: "shop")
        try sidecar.runUntilIdle()
        let scratch = try TemporaryFolder()
        let faults = [
            ("/rows", #""after_apply":true"#), ("/rows", #""status":429,"headers":{"Retry-After":"1"},"count":2"#),
            ("bulk-channel-status", #""status":503,"count":2"#), ("/rows", #""status":500"#),
            ("/channels/", #""method":"PUT","status":502"#), ("statements", #""after_apply":true,"status":504"#),
        ]
        try sidecar.startReady()
        for round in 0..<kills {
            let traffic = try ChildProcess(
                [
                    "\(PostgresServer.binaries(of: PostgresServer.usual) ?? "")/pgbench", "-n", "-c", "2", "-t", "100",
                    source.url("shop"),
                ], folder: scratch)
            let (path, fault) = faults[round % faults.count]
            try snowflake.fault(path, fault)
            usleep(UInt32.random(in: 100_000...900_000))
            sidecar.kill9()
            try sidecar.start()
            try traffic.wait()
        }
        try sidecar.waitReady(seconds: 60)
        try sidecar.terminate(seconds: 60)
        try snowflake.control("DELETE", "faults")
        try sidecar.runUntilIdle()
    }

    @Test("Events arrive exactly once through kill -9, 429, 5xx and lost answers", .timeLimit(.minutes(5)))
    func eventsOnce() throws {
        let sidecar = try sidecar("commitTimeout: 20s")
        try trouble(sidecar, kills: 6)
        // TPC-B: each transaction is three updates and one insert.
        let counted = try snowflake.sql(
            """
            SELECT TABLE_NAME, OP, count(*), count(DISTINCT UUID) FROM EVENTS WHERE OP <> 'r' GROUP BY 1, 2 ORDER BY 1, 2
            """, database: "SHOP")
        #expect(
            counted == """
                public.pgbench_accounts|u|1200|1200
                public.pgbench_branches|u|1200|1200
                public.pgbench_history|c|1200|1200
                public.pgbench_tellers|u|1200|1200
                """)
        let rows = try snowflake.sql(
            "SELECT count(*), count(DISTINCT UUID) FROM EVENTS WHERE OP = 'r'", database: "SHOP")
        #expect(rows == "100011|100011")
    }

    @Test("A wrong token is one line, the instance is not ready, and a right one mends it", .timeLimit(.minutes(2)))
    func wrongToken() throws {
        try source.sql("create table t (id int primary key); insert into t values (1)", database: "shop")
        let strict = try SnowflakeEmulator(requiresAuth: true)
        let sidecar = try Sidecar(
            url: source.url("shop"),
            sinks: """
                - {name: warehouse, type: snowflake, account: org-acct, url: "\(strict.url)", user: BUZ, signIn: programmatic,
                   tokenFile: "OUT.token",
                   database: SHOP}
                """)
        try writeText("secret-one", to: "\(sidecar.outputFolder).token")
        let check = try sidecar.command(["check", "--config", sidecar.configuration])
        #expect(check.code == 1)
        #expect(check.output.contains("394400"))
        try sidecar.start()
        try eventually(within: 30, "ready with a wrong token") {
            sidecar.get("/health/ready")?.body.contains("394400") == true
        }
        try strict.control("PUT", "tokens", #"{"token":"secret-two","type":"PROGRAMMATIC_ACCESS_TOKEN"}"#)
        try writeText("secret-two", to: "\(sidecar.outputFolder).token")
        try sidecar.waitReady(seconds: 60)
        try eventually(within: 30, "delivered nothing") {
            sidecar.metric(#"buz_sink_events_total{sink="warehouse"}"#) ?? 0 >= 1
        }
        try sidecar.terminate()
        for text in [check.output, sidecar.errors, sidecar.get("/stats")?.body ?? ""] {
            #expect(!text.contains("secret-"))
        }
    }
}
