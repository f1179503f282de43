import CoreIngest
import Glibc
import TestServers
import Testing

/// A source, a sidecar and an emulator of Redshift.
private struct RedshiftStand {
    let redshift: RedshiftServer
    let stand: Stand

    init(schema: String, mode: String = "mirror", bucket: RedshiftBucketServer? = nil) throws {
        redshift = try RedshiftServer(bucket: bucket)
        stand = try Stand(
            schema: schema,
            sinks: """
                - {name: copy, type: redshift, mode: \(mode), url: "\(redshift.url)", connectTimeout: 2s, statementTimeout: 10s, \
                \(bucket.map { $0.configuration + "," } ?? "") retry: {initial: 50ms, max: 500ms}}
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

@Suite("Redshift", .serialized, .timeLimit(.minutes(10)))
struct RedshiftTests {
    /// Rows go by `INSERT`, and where emulators are installed by `COPY` too.
    private static let ways = Emulators.areInstalled ? [false, true] : [false]

    @Test("Values of every type are equal by snapshot and by stream, and one changed cell is found", arguments: ways)
    func everyType(isStaged: Bool) throws {
        let bucket = isStaged ? try RedshiftBucketServer() : nil
        let hasContrib = try PostgresServer(PostgresServer.usual).hasContrib()
        let columns = EveryType.columns(hasContrib: hasContrib)
        let stand = try RedshiftStand(
            schema: """
                \(EveryType.definitions(hasContrib: hasContrib))
                create table t (id int primary key, \(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));
                create table words (word text, part int, at timestamptz, n int, primary key (word, part, at));
                insert into words select md5(i::text), i % 3, '2026-01-01Z'::timestamptz + i * interval '1 s', i from generate_series(1, 20000) i;
                create table money (amount numeric primary key, v text);
                insert into money select i / 7.0, 'v' || i from generate_series(1, 3000) i;
                create table marks (id uuid primary key, d date, t time, b bytea);
                insert into marks select md5(i::text)::uuid, date '2000-01-01' + i, time '00:00' + i * interval '1.1 s', decode(md5(i::text), 'hex') from generate_series(1, 3000) i;
                \(EveryType.insert(columns, from: 1, to: 150, seed: 0.25))
                """, bucket: bucket)
        try stand.stand.deliver()
        try stand.stand.deliver(
            """
            \(EveryType.insert(columns, from: 151, to: 300, seed: -0.25));
            update words set n = n + 1 where part = 1; delete from words where n % 100 = 0;
            delete from marks where extract(day from d) = 7;
            """)
        // What the page says of numbers.
        let refused = try stand.deadLetters()
        let decimals = columns.filter { ["numeric(12,2)", "price", "dearer"].contains($0.type) }.map(\.name)
        let doubles = columns.filter { ["float4", "float8"].contains($0.type) }.map(\.name)
        let isNone = Self.isNone(decimals, doubles)
        #expect("\(refused.count)" == (try stand.stand.source("select count(*) from t where \(isNone)")))
        #expect(refused.allSatisfy { $0.contains("does not hold") }, "\(refused.prefix(3))")
        try stand.stand.deliver("delete from t where \(isNone)")
        #expect(try stand.stand.source("select count(*) > 20 from t") == "t")
        let equal = try stand.verify()
        #expect(equal.code == 0, "\(equal)")
        #expect(equal.output.contains("public.marks"), "\(equal)")
        try stand.redshift.sql(
            "UPDATE words SET n = -1 WHERE n = 999; UPDATE money SET v = v || ' ' WHERE v = 'v77'; DELETE FROM marks WHERE d = '2000-01-02'"
        )
        let found = try stand.verify()
        #expect(found.output.contains("differs in n") && found.output.contains("differs in v"), "\(found)")
        #expect(found.output.contains("missing in the mirror"), "\(found)")
        #expect(found.errors.contains("1 tables equal, 3 different, 0 unsettled, 0 not compared"), "\(found.errors)")
        if let bucket {
            #expect(stand.redshift.statements.contains { $0.hasPrefix("COPY buz_stage_") })
            #expect(try bucket.objects().isEmpty)
            #expect(!found.errors.contains(bucket.keys.secret))
        }
        if SQLGrammar.isInstalled {
            #expect(try SQLGrammar.unreadable(stand.redshift.statements, dialect: "redshift") == [])
        }
    }

    /// Which rows have a number that Redshift does not.
    private static func isNone(_ decimals: [String], _ doubles: [String]) -> String {
        (decimals.map { "\($0) = 'NaN'" }
            + doubles.map {
                "\($0) in ('NaN', 'Infinity', '-Infinity') or \($0) <> 0 and abs(\($0)::float8) < 1e-307::float8"
            }).joined(separator: " or ")
    }

    @Test(
        "Through kills, faults of the server, its crashes and changes of the schema the mirror equals the source",
        arguments: ways)
    func crashes(isStaged: Bool) throws {
        let bucket = isStaged ? try RedshiftBucketServer() : nil
        let source = try PostgresServer()
        try Shop.create(on: source)
        // A table without a key, as pgbench makes it, is a list of changes.
        let redshift = try RedshiftServer(bucket: bucket)
        let cut = try Cut(before: redshift.port)
        let url = redshift.url.replacing(":\(redshift.port)/", with: ":\(cut.port)/")
        let sink =
            "type: redshift, url: \"\(url)\", connectTimeout: 2s, statementTimeout: 10s, \(bucket.map { $0.configuration + "," } ?? "") retry: {initial: 50ms, max: 500ms}"
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
            try cut.loseAnswer(to: ["COMMIT", isStaged ? "COPY" : "INSERT INTO", "UPDATE", "LOCK"][round % 4])
            switch round {
            case 1: try source.sql("alter table orders add column rating int default 3", database: "shop")
            case 3: try source.sql("alter table orders alter column customer_id type bigint", database: "shop")
            case 4, 8: try redshift.interrupt()
            case 5:
                try redshift.kill9()
                usleep(800_000)
                try redshift.restart()
            case 6:
                try source.sql("alter table orders drop column is_gift, add column \"select\" text", database: "shop")
            case 7:
                // Somebody holds a table that is written.
                try redshift.sql("BEGIN; LOCK pgbench_branches; SELECT pg_sleep(1.5); ROLLBACK")
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
            try redshift.sql(
                "SELECT COUNT(*) - COUNT(DISTINCT (commit_lsn, ordinal)) FROM events WHERE \(streamed)") == "0",
            "an event is there twice")
        let counts = try oracle.changeCounts()
        #expect(
            try redshift.sql(
                "SELECT split_part(table_name, '.', -1) AS t, op, COUNT(*) FROM events WHERE \(streamed) GROUP BY t, op ORDER BY t, op"
            ) == counts, "events stored, and changes that the server's own decoder counts")
        // Each change of the table without a key once.
        let appended = counts.split(separator: "\n").first { $0.hasPrefix("pgbench_history|c|") } ?? ""
        #expect(
            "pgbench_history|c|\(try redshift.sql("SELECT COUNT(*) FROM pgbench_history WHERE _buz_op = 'c'"))"
                == appended)
        if isStaged { #expect(redshift.statements.contains { $0.hasPrefix("COPY buz_stage_") }) }
        #expect(redshift.errors.isEmpty, "\(redshift.errors)")
    }

    @Test("A wrong password is not ready, a revoked grant is told; both end without a restart")
    func credentials() throws {
        let stand = try RedshiftStand(
            schema: "create table t (id int primary key, v text); insert into t values (1, 'a')")
        let sidecar = stand.stand.sidecar
        func expectTrouble(_ words: String) throws {
            try eventually(within: 30, "\(sidecar.errors)") {
                sidecar.errors.contains(words) && sidecar.get("/stats")?.body.contains(words) == true
            }
        }
        func expectArrival(_ value: String) throws {
            try sidecar.waitReady()
            try eventually(within: 30, "\(sidecar.errors)") { (try? stand.redshift.sql("SELECT v FROM t")) == value }
        }
        try stand.redshift.sql("ALTER ROLE buz PASSWORD 'other'")
        let check = try sidecar.command(["check", "--config", sidecar.configuration])
        #expect(check.code == 1 && "\(check)".contains("password authentication failed"), "\(check)")
        try sidecar.start()
        try expectTrouble("password authentication failed")
        #expect(sidecar.get("/health/ready")?.status == 503)
        try stand.redshift.sql("ALTER ROLE buz PASSWORD '\(stand.redshift.password)'")
        try expectArrival("a")
        try stand.redshift.sql("ALTER TABLE t OWNER TO postgres; GRANT SELECT ON t TO buz")
        try stand.redshift.interrupt()
        try stand.stand.source("update t set v = 'b'")
        try expectTrouble("42501")
        #expect(sidecar.get("/health/ready")?.status == 503)
        try stand.redshift.sql("GRANT INSERT, UPDATE, DELETE ON t TO buz")
        try expectArrival("b")
        #expect(!sidecar.errors.contains(stand.redshift.password) && !sidecar.errors.contains("secret%20word"))
        #expect(try sidecar.terminate() == 0)
        #expect(try stand.deadLetters().isEmpty)
    }
}
