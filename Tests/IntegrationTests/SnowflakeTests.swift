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
    func sidecar(_ more: String, token: String = "any") throws -> Sidecar {
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

    @Test(
        "Mirrors equal their sources through kill -9, 429, 5xx and lost answers, and changes of a table",
        .timeLimit(.minutes(6)))
    func mirrors() throws {
        let sidecar = try sidecar("mode: mirror, merge: {interval: 1s}")
        try source.sql(
            """
            create table notes (id int primary key, a text, b text);
            create table emptied (id int primary key); insert into emptied values (1);
            insert into notes select g, 'a' || g, repeat('b', 20) from generate_series(1, 50) g
            """, database: "shop")
        try trouble(sidecar, kills: 4)
        try source.sql(
            """
            alter table notes alter column b set storage external;
            update notes set b = repeat('long ', 2000) where id <= 20;
            update notes set a = 'new' where id <= 10;
            update notes set id = id + 1000 where id in (1, 2, 30);
            alter table notes add column c numeric(10,2);
            update notes set c = id / 4.0 where id > 5;
            delete from notes where id between 40 and 45;
            alter table notes alter column a type varchar(99);
            begin; update notes set a = 'x' where id = 7; delete from notes where id = 7; insert into notes values (7, 'again', null, 1); commit;
            truncate emptied; insert into emptied values (2);
            """, database: "shop")
        try sidecar.runUntilIdle()
        try sidecar.startReady()
        let verdict = try sidecar.command(["verify", "--config", sidecar.configuration], seconds: 120)
        #expect(verdict.output.contains("public.notes"))
        for line in verdict.output.split(separator: "\n") where line.contains("public.") && !line.contains("history") {
            #expect(line.contains("equal"), "\(line)")
        }
        // Without a key: a list of changes, each once.
        #expect(try snowflake.sql("SELECT count(*) FROM PGBENCH_HISTORY", database: "SHOP") == "800")
        #expect(try snowflake.sql("SELECT count(*) FROM BUZ_STAGING_WAREHOUSE", database: "SHOP") == "0")
        // One changed cell is found.
        _ = try snowflake.sql("UPDATE NOTES SET A = 'other' WHERE ID = 9", database: "SHOP")
        let second = try sidecar.command(["verify", "--config", sidecar.configuration, "public.notes"], seconds: 120)
        #expect(second.code == 1)
        #expect(second.output.contains("9"))
        try sidecar.terminate(seconds: 60)
    }

    @Test(
        "Values of every type are equal by snapshot and by stream, where the page says that they can be",
        .timeLimit(.minutes(4)))
    func everyType() throws {
        let hasContrib = try source.hasContrib()
        var columns = EveryType.columns(hasContrib: hasContrib)
        // What the page says becomes a dead letter.
        for index in columns.indices {
            let type = columns[index].type
            if type == "numeric(12,2)" || type == "price" { columns[index].values.removeAll { $0 == "'NaN'" } }
            if type == "time" || type == "time(0)" { columns[index].values.removeAll { $0.hasPrefix("'24:") } }
        }
        try source.sql(
            """
            \(EveryType.definitions(hasContrib: hasContrib))
            create table t (id int primary key, \(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));
            create table words (word text, part int, at timestamptz, n int, primary key (word, part, at));
            insert into words select md5(i::text), i % 3, '2026-01-01Z'::timestamptz + i * interval '1 s', i from generate_series(1, 300) i;
            create table refused (id int primary key, n numeric(12,2), at time);
            insert into refused values (1, 'NaN', '01:00'), (2, 1, '24:00'), (3, 3, '03:00');
            \(EveryType.insert(columns, from: 1, to: 100, seed: 0.25))
            """, database: "shop")
        let sidecar = try sidecar("mode: mirror, merge: {interval: 1s}")
        try sidecar.runUntilIdle()
        try source.sql(
            """
            \(EveryType.insert(columns, from: 101, to: 200, seed: -0.25));
            update words set n = n + 1 where part = 1; delete from words where n % 100 = 0;
            """, database: "shop")
        try sidecar.runUntilIdle()
        let verdict = try sidecar.command(
            ["verify", "--config", sidecar.configuration, "public.t", "public.words"], seconds: 120)
        #expect(verdict.code == 0, "\(verdict)")
        #expect(try snowflake.sql("SELECT ID, N FROM REFUSED", database: "SHOP") == "3|3.00")
        let letters = try sidecar.command(["deadletters", "list", "--config", sidecar.configuration])
        #expect(
            letters.output.contains("column n has NaN") && letters.output.contains("column at has 24:00:00"),
            "\(letters)")
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
