import CoreIngest
import Glibc
import TestServers
import Testing

/// A source, a sidecar and a MariaDB.
private struct MySQLStand {
    let mysql: MySQLServer
    let stand: Stand

    init(_ kind: MySQLServer.Kind, schema: String, mode: String = "mirror", more: String = "") throws {
        mysql = try MySQLServer(kind)
        stand = try Stand(
            schema: schema,
            sinks: """
                - {name: copy, type: mysql, mode: \(mode), url: "\(mysql.url)", connectTimeout: 2s, statementTimeout: 5s, \
                retry: {initial: 50ms, max: 500ms}\(more)}
                """)
    }

    func verify() throws -> (code: Int32, output: String, errors: String) {
        try stand.sidecar.command(["verify", "--config", stand.sidecar.configuration, "--load", "100"], seconds: 300)
    }

    func deadLetters() throws -> [String] {
        let directory = try StateDirectory(path: "\(stand.sidecar.folder.path)/state", exclusive: false)
        return try DeadLetterStore(directory, sink: "copy").entries().map { "\($0.stream): \($0.error)" }
    }
}

@Suite("MySQL", .serialized, .enabled(if: !MySQLServer.installed.isEmpty), .timeLimit(.minutes(10)))
struct MySQLTests {
    @Test(
        "Values of every type are equal by snapshot and by stream, and one changed cell is found",
        arguments: MySQLServer.installed)
    func everyType(kind: MySQLServer.Kind) throws {
        let hasContrib = try PostgresServer(PostgresServer.usual).hasContrib()
        let columns = EveryType.columns(hasContrib: hasContrib)
        let stand = try MySQLStand(
            kind,
            schema: """
                \(EveryType.definitions(hasContrib: hasContrib))
                create table t (id int primary key, \(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));
                create table words (word text, part int, at timestamptz, n int, primary key (word, part, at));
                insert into words select md5(i::text), i % 3, '2026-01-01Z'::timestamptz + i * interval '1 s', i from generate_series(1, 30000) i;
                create table money (amount numeric primary key, v text);
                insert into money select i / 7.0, 'v' || i from generate_series(1, 3000) i;
                create table marks (id uuid primary key, d date, t time, unique (d));
                insert into marks select md5(i::text)::uuid, date '2000-01-01' + i, time '00:00' + i * interval '1.1 s' from generate_series(1, 3000) i;
                \(EveryType.insert(columns, from: 1, to: 150, seed: 0.25))
                """)
        try stand.stand.deliver()
        try stand.stand.deliver(
            """
            \(EveryType.insert(columns, from: 151, to: 300, seed: -0.25));
            update words set n = n + 1 where part = 1; delete from words where n % 100 = 0;
            delete from marks where extract(day from d) = 7;
            """)
        // What the page says of numbers that are none.
        let refused = try stand.deadLetters()
        let decimals = columns.filter { ["numeric(12,2)", "price", "dearer"].contains($0.type) }.map(\.name)
        let doubles = columns.filter { ["float4", "float8"].contains($0.type) }.map(\.name)
        let isNone = (decimals.map { "\($0) = 'NaN'" } + doubles.map { "\($0) in ('NaN', 'Infinity', '-Infinity')" })
            .joined(separator: " or ")
        #expect("\(refused.count)" == (try stand.stand.source("select count(*) from t where \(isNone)")))
        #expect(refused.allSatisfy { $0.contains("does not hold") }, "\(refused.prefix(3))")
        try stand.stand.deliver("delete from t where \(isNone)")
        #expect(try stand.stand.source("select count(*) > 20 from t") == "t")
        let equal = try stand.verify()
        #expect(equal.code == 0, "\(equal)")
        #expect(equal.output.contains("public.marks"), "\(equal)")
        try stand.mysql.sql(
            "UPDATE words SET n = -1 WHERE n = 999; UPDATE money SET v = CONCAT(v, ' ') WHERE v = 'v77'; DELETE FROM marks WHERE d = '2000-01-02'"
        )
        let found = try stand.verify()
        #expect(found.output.contains("differs in n") && found.output.contains("differs in v"), "\(found)")
        #expect(found.output.contains("missing in the mirror"), "\(found)")
        #expect(found.errors.contains("1 tables equal, 3 different, 0 unsettled, 0 not compared"), "\(found.errors)")
    }

    @Test(
        "Through kills, faults of the server, its crashes and changes of the schema the mirror equals the source",
        arguments: MySQLServer.installed)
    func crashes(kind: MySQLServer.Kind) throws {
        let source = try PostgresServer()
        try Shop.create(on: source)
        // A table without a key, as pgbench makes it, is a list of changes.
        let mysql = try MySQLServer(kind)
        let cut = try Cut(before: mysql.port)
        let url = mysql.url.replacing(":\(mysql.port)/", with: ":\(cut.port)/")
        let sink =
            "type: mysql, tls: off, url: \"\(url)\", connectTimeout: 2s, statementTimeout: 5s, retry: {initial: 50ms, max: 500ms}"
        let sidecar = try Sidecar(
            url: source.url("shop"),
            sinks: """
                - {name: mirror, mode: mirror, \(sink)}
                - {name: log, mode: events, \(sink)}
                """)
        try sidecar.runUntilIdle()
        try sidecar.startReady()
        let oracle = try DecodingOracle(on: source)
        let scratch = try TemporaryFolder()
        let traffic = try Shop.startTraffic(on: source, folder: scratch)
        var generator = SeededGenerator(seed: 5)
        for round in 0..<10 {
            usleep(UInt32.random(in: 100_000...700_000, using: &generator))
            try cut.loseAnswer(to: round % 2 == 0 ? "COMMIT" : "INSERT INTO")
            switch round {
            case 1: try source.sql("alter table orders add column rating int default 3", database: "shop")
            case 3: try source.sql("alter table orders alter column customer_id type bigint", database: "shop")
            case 4: try mysql.interrupt()
            case 5:
                mysql.kill9()
                usleep(800_000)
                try mysql.start()
            case 6:
                try source.sql("alter table orders drop column is_gift, add column \"select\" text", database: "shop")
            case 7:
                // Somebody holds all rows that are written, for longer than a write waits.
                _ = try mysql.sql(
                    "START TRANSACTION; UPDATE pgbench_branches SET bbalance = bbalance; SELECT SLEEP(1.5); ROLLBACK")
            case 8:
                mysql.freeze(true)
                usleep(700_000)
                mysql.freeze(false)
            case 9:
                try mysql.stop()
                try mysql.start()
            default: break
            }
            usleep(UInt32.random(in: 100_000...300_000, using: &generator))
            sidecar.kill9()
            try sidecar.start()
        }
        try sidecar.waitReady(seconds: 90)
        try Shop.stopTraffic(traffic, folder: scratch)
        // Old rows have the default of an added column in the source only, until they change: docs/verify.md.
        try source.sql("update orders set rating = rating", database: "shop")
        #expect(try sidecar.terminate() == 0, "\(sidecar.errors)")
        try sidecar.runUntilIdle(seconds: 480)
        #expect(cut.lost > 0, "no answer was lost")
        let equal = try sidecar.command(
            ["verify", "--config", sidecar.configuration, "--load", "100", "--sink", "mirror"], seconds: 300)
        #expect(equal.code == 0, "\(equal)")
        #expect(equal.output.contains("orders") && equal.output.contains("pgbench_accounts"))
        let streamed = "op IN ('c', 'u', 'd')"
        #expect(
            try mysql.sql("SELECT COUNT(*) - COUNT(DISTINCT commit_lsn, ordinal) FROM events WHERE \(streamed)") == "0",
            "an event is there twice")
        let counts = try oracle.changeCounts()
        #expect(
            try mysql.sql(
                "SELECT SUBSTRING_INDEX(table_name, '.', -1) AS t, op, COUNT(*) FROM events WHERE \(streamed) GROUP BY t, op ORDER BY t, op"
            ) == counts, "events stored, and changes that the server's own decoder counts")
        // Each change of the table without a key once, also where a table was changed in between.
        let appended = counts.split(separator: "\n").first { $0.hasPrefix("pgbench_history|c|") } ?? ""
        #expect(
            "pgbench_history|c|\(try mysql.sql("SELECT COUNT(*) FROM pgbench_history WHERE _buz_op = 'c'"))" == appended
        )
    }

    @Test(
        "A wrong password is not ready; a revoked grant and a dropped user are told; all end without a restart",
        arguments: MySQLServer.installed)
    func credentials(kind: MySQLServer.Kind) throws {
        let stand = try MySQLStand(
            kind,
            schema: "create table t (id int primary key, v text); insert into t values (1, 'a')")
        let sidecar = stand.stand.sidecar
        func expectTrouble(_ code: String) throws {
            try eventually(within: 30, "\(sidecar.errors)") {
                sidecar.errors.contains("error \(code)")
                    && sidecar.get("/stats")?.body.contains("error \(code)") == true
            }
        }
        func expectArrival(_ value: String) throws {
            try sidecar.waitReady()
            try eventually(within: 30, "\(sidecar.errors)") { (try? stand.mysql.sql("SELECT v FROM t")) == value }
        }
        try stand.mysql.sql("ALTER USER buz@'127.0.0.1' IDENTIFIED BY 'other'")
        try sidecar.start()
        try expectTrouble("1045")
        #expect(sidecar.get("/health/ready")?.status == 503)
        try stand.mysql.sql("ALTER USER buz@'127.0.0.1' IDENTIFIED BY '\(stand.mysql.password)'")
        try expectArrival("a")
        try stand.mysql.sql(
            "REVOKE ALL ON shop_copy.* FROM buz@'127.0.0.1'; GRANT SELECT ON shop_copy.* TO buz@'127.0.0.1'")
        try stand.mysql.interrupt()
        try stand.stand.source("update t set v = 'b'")
        try expectTrouble("1142")
        #expect(sidecar.get("/health/ready")?.status == 503)
        try stand.mysql.sql("GRANT ALL ON shop_copy.* TO buz@'127.0.0.1'")
        try expectArrival("b")
        try stand.mysql.sql("DROP USER buz@'127.0.0.1'")
        try stand.mysql.interrupt()
        try stand.stand.source("update t set v = 'c'")
        // MySQL knows no user of that host then.
        try expectTrouble(kind == .mySQL ? "1130" : "1045")
        #expect(sidecar.get("/health/ready")?.status == 503)
        try stand.mysql.sql(
            "CREATE USER buz@'127.0.0.1' IDENTIFIED BY '\(stand.mysql.password)'; GRANT ALL ON shop_copy.* TO buz@'127.0.0.1'"
        )
        try expectArrival("c")
        #expect(!sidecar.errors.contains(stand.mysql.password) && !sidecar.errors.contains("secret%20word"))
        #expect(try sidecar.terminate() == 0)
        #expect(try stand.deadLetters().isEmpty)
    }

    @Test(
        "A row that was refused comes by a replay once there is room, and check tells what is not granted",
        arguments: MySQLServer.installed)
    func replay(kind: MySQLServer.Kind) throws {
        let stand = try MySQLStand(
            kind, schema: "create table t (id int primary key, v text); insert into t values (1, 'a')")
        let sidecar = stand.stand.sidecar
        try stand.mysql.sql("REVOKE DELETE, DROP ON shop_copy.* FROM buz@'127.0.0.1'")
        let check = try sidecar.command(["check", "--config", sidecar.configuration])
        #expect(check.code == 1 && check.output.contains("grants: buz may not DELETE in shop_copy"), "\(check)")
        try stand.mysql.sql("GRANT DELETE, DROP ON shop_copy.* TO buz@'127.0.0.1'")
        #expect(try sidecar.command(["check", "--config", sidecar.configuration]).code == 0)
        try stand.stand.deliver()
        try stand.mysql.sql("ALTER TABLE t ADD CONSTRAINT short CHECK (LENGTH(v) < 5)")
        try stand.stand.deliver(
            "insert into t values (2, 'b'), (3, 'too long'); update t set v = 'too long too' where id = 1")
        #expect(try stand.deadLetters().count == 2)
        #expect(try stand.mysql.sql("SELECT id, v FROM t ORDER BY id") == "1|a\n2|b")
        let early = try sidecar.command(["deadletters", "replay", "--config", sidecar.configuration, "--sink", "copy"])
        #expect(try stand.deadLetters().count == 2, "\(early)")
        try stand.mysql.sql("ALTER TABLE t DROP CONSTRAINT short")
        let replay = try sidecar.command(["deadletters", "replay", "--config", sidecar.configuration, "--sink", "copy"])
        #expect(replay.code == 0, "\(replay)")
        #expect(try stand.deadLetters().isEmpty)
        #expect(try stand.mysql.sql("SELECT id, v FROM t ORDER BY id") == "1|too long too\n2|b\n3|too long")
        // What comes later is not held up, and nothing is older than it was.
        try stand.stand.deliver("update t set v = 'c' where id = 3")
        let equal = try stand.verify()
        #expect(equal.code == 0, "\(equal)")
    }

    @Test("A server that hangs costs no memory without bound, and is caught up with", arguments: MySQLServer.installed)
    func hanging(kind: MySQLServer.Kind) throws {
        let stand = try MySQLStand(
            kind,
            schema: "create table t (id int primary key, v text)",
            more: ", queue: {maxBytes: 8MiB}, park: {maxBytes: 1GiB}")
        let sidecar = stand.stand.sidecar
        try sidecar.startReady()
        try stand.stand.source("insert into t values (0, 'first')")
        try eventually(within: 30, "\(sidecar.errors)") { (try? stand.mysql.sql("SELECT COUNT(*) FROM t")) == "1" }
        stand.mysql.freeze(true)
        for part in 0..<10 {
            try stand.stand.source(
                "insert into t select i, repeat(md5(i::text), 20) from generate_series(\(part * 10000 + 1), \(part * 10000 + 10000)) i"
            )
        }
        // All of it was taken from the source, and lies in the park.
        try eventually(within: 120, "\(sidecar.errors)") {
            try stand.stand.source(
                "select confirmed_flush_lsn >= pg_current_wal_lsn() - 1000000 from pg_replication_slots")
                == "t"
        }
        let memory = sidecar.process.map { readText("/proc/\($0.pid)/status") } ?? ""
        let peak = memory.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(whereSeparator: \.isWhitespace)[
            1]
        #expect(try #require(peak.flatMap { Int($0) }) < 400_000, "KiB: \(peak ?? "")")
        stand.mysql.freeze(false)
        try eventually(within: 120, "\(sidecar.errors)") {
            (try? stand.mysql.sql("SELECT COUNT(*) FROM t")) == "100001"
        }
        #expect(try sidecar.terminate() == 0)
        let equal = try stand.verify()
        #expect(equal.code == 0, "\(equal)")
    }
}
