import CoreIngest
import Glibc
import Sinks
import TestServers
import Testing

/// A source, and a sidecar that keeps it in a DuckDB file.
private struct DuckDBStand {
    let folder: TemporaryFolder
    let stand: Stand
    var path: String { "\(folder.path)/shop.duckdb" }

    init(schema: String, library: String = DuckDBLibraryFile.path(), more: String = "") throws {
        folder = try TemporaryFolder("buzduck")
        stand = try Stand(
            schema: schema,
            sinks: """
                - {name: analysis, type: duckdb, mode: mirror, path: \(folder.path)/shop.duckdb, library: \(library), \
                retry: {initial: 50ms, max: 500ms}\(more)}
                """)
    }

    func verify() throws -> (code: Int32, output: String, errors: String) {
        try stand.sidecar.command(
            ["verify", "--config", stand.sidecar.configuration, "--load", "100"], seconds: 300)
    }

    func deadLetters() throws -> [String] {
        let directory = try StateDirectory(path: "\(stand.sidecar.folder.path)/state", exclusive: false)
        return try DeadLetterStore(directory, sink: "analysis").entries().map { "\($0.stream): \($0.error)" }
    }
}

/// The file, opened by the newest library, which reads what older ones wrote.
private func withDuckDB<Value>(_ path: String, _ body: (DuckDBConnection) throws -> Value) throws -> Value {
    try body(
        DuckDBConnection(
            DuckDBLibrary.load(DuckDBLibraryFile.path()), DuckDBSinkSettings(name: "test", path: path),
            patience: .seconds(60)))
}

@Suite("DuckDB", .serialized, .enabled(if: DuckDBLibraryFile.isInstalled), .timeLimit(.minutes(10)))
struct DuckDBTests {
    @Test(
        "Values of every type are equal by snapshot and by stream, and one changed cell is found",
        arguments: [DuckDBLibraryFile.oldest, DuckDBLibraryFile.newest])
    func everyType(version: String) throws {
        let hasContrib = try PostgresServer(PostgresServer.usual).hasContrib()
        let columns = EveryType.columns(hasContrib: hasContrib)
        let stand = try DuckDBStand(
            schema: """
                \(EveryType.definitions(hasContrib: hasContrib))
                create table t (id int primary key, \(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));
                create table words (word text, part int, at timestamptz, n int, primary key (word, part, at));
                insert into words select md5(i::text), i % 3, '2026-01-01Z'::timestamptz + i * interval '1 s', i from generate_series(1, 30000) i;
                create table money (amount numeric primary key, v text, rowid int default 7);
                insert into money (amount, v) select i / 7.0, 'v' || i from generate_series(1, 3000) i;
                \(EveryType.insert(columns, from: 1, to: 150, seed: 0.25))
                """, library: DuckDBLibraryFile.path(version))
        try stand.stand.deliver()
        try stand.stand.deliver(
            """
            \(EveryType.insert(columns, from: 151, to: 300, seed: -0.25));
            update words set n = n + 1 where part = 1; delete from words where n % 100 = 0;
            """)
        // What the page says of values that columns cannot hold.
        let refused = try stand.deadLetters()
        #expect(refused.allSatisfy { $0.contains("does not hold") }, "\(refused.prefix(3))")
        let decimals = columns.filter { ["numeric(12,2)", "price", "dearer"].contains($0.type) }.map(\.name)
        let times = columns.filter { $0.type.hasPrefix("timestamp") && !$0.type.hasSuffix("]") }.map(\.name)
        let outside =
            (decimals.map { "\($0) = 'NaN'" } + times.map { "(isfinite(\($0)) and \($0) > '294246-12-31')" })
            .joined(separator: " or ")
        #expect("\(refused.count)" == (try stand.stand.source("select count(*) from t where \(outside)")))
        try stand.stand.deliver("delete from t where \(outside)")
        let equal = try stand.verify()
        #expect(equal.code == 0, "\(equal)")
        try withDuckDB(stand.path) { file in
            try file.execute("UPDATE words SET n = -1 WHERE n = 999")
            try file.execute("UPDATE money SET v = v || ' ' WHERE v = 'v77'")
            try file.execute("DELETE FROM t WHERE id = 200")
        }
        let found = try stand.verify()
        if version == DuckDBLibraryFile.newest || found.code == 1 {
            #expect(found.output.contains("differs in n") && found.output.contains("differs in v"), "\(found)")
            #expect(found.output.contains("public.t id=200: missing in the mirror"), "\(found)")
            #expect(
                found.errors.contains("0 tables equal, 3 different, 0 unsettled, 0 not compared"), "\(found.errors)")
        }
    }

    @Test("Through kills, another process that has the file, and changes of the schema the mirror equals the source")
    func crashes() throws {
        let source = try PostgresServer()
        try Shop.create(on: source)
        try source.sql("alter table pgbench_history add column id bigserial primary key", database: "shop")
        let folder = try TemporaryFolder("buzduck")
        let library = DuckDBLibraryFile.path()
        func path(_ name: String) -> String { "\(folder.path)/\(name).duckdb" }
        func sink(_ name: String, _ mode: String) -> String {
            "- {name: \(name), type: duckdb, mode: \(mode), path: \(path(name)), library: \(library), retry: {initial: 50ms, max: 500ms}}"
        }
        let sidecar = try Sidecar(
            url: source.url("shop"), sinks: "\(sink("mirror", "mirror"))\n\(sink("log", "events"))")
        try sidecar.runUntilIdle()
        try sidecar.startReady()
        let oracle = try DecodingOracle(on: source)
        let scratch = try TemporaryFolder()
        let traffic = try Shop.startTraffic(on: source, folder: scratch)
        var generator = SeededGenerator(seed: 5)
        var looks = 0
        for round in 0..<8 {
            usleep(UInt32.random(in: 100_000...700_000, using: &generator))
            switch round {
            case 1: try source.sql("alter table orders add column rating int default 3", database: "shop")
            case 3: try source.sql("alter table orders alter column customer_id type bigint", database: "shop")
            case 6:
                try source.sql("alter table orders drop column is_gift, add column \"select\" text", database: "shop")
            default: break
            }
            // While the sidecar goes on, somebody looks: sees whole writes, and keeps it from writing meanwhile.
            try withDuckDB(path("mirror")) { file in
                let rows = try file.texts("SELECT CAST(count(*) AS VARCHAR) FROM pgbench_branches")
                #expect(rows == [["1"]])
                usleep(300_000)
                looks += 1
            }
            usleep(UInt32.random(in: 100_000...500_000, using: &generator))
            sidecar.kill9()
            try sidecar.start()
        }
        try sidecar.waitReady(seconds: 90)
        try Shop.stopTraffic(traffic, folder: scratch)
        // Old rows have the default of an added column in the source only, until they change: docs/verify.md.
        try source.sql("update orders set rating = rating", database: "shop")
        #expect(try sidecar.terminate() == 0, "\(sidecar.errors)")
        try sidecar.runUntilIdle(seconds: 480)
        #expect(looks == 8)
        let equal = try sidecar.command(
            ["verify", "--config", sidecar.configuration, "--load", "100", "--sink", "mirror"], seconds: 300)
        #expect(equal.code == 0, "\(equal)")
        #expect(equal.output.contains("orders") && equal.output.contains("pgbench_accounts"))
        let streamed = "op IN ('c', 'u', 'd')"
        try withDuckDB(path("log")) { file in
            let twice = try file.texts(
                "SELECT CAST(count(*) - count(DISTINCT uuid) AS VARCHAR) FROM events WHERE \(streamed)")
            #expect(twice == [["0"]], "an event is there twice")
            let counted = try file.texts(
                """
                SELECT concat_ws('|', split_part(table_name, '.', 2), op, count(*)) FROM events WHERE \(streamed)
                GROUP BY table_name, op ORDER BY table_name, op
                """
            ).compactMap { $0.first.flatMap { $0 } }.joined(separator: "\n")
            #expect(
                counted == (try oracle.changeCounts()),
                "events stored, and changes that the server's own decoder counts")
        }
    }

    @Test("Verify and the sidecar share the file, and a library that is missing is one line")
    func sharing() throws {
        let stand = try DuckDBStand(
            schema:
                "create table t (id int primary key, v text); insert into t select i, 'v' || i from generate_series(1, 1000) i"
        )
        // Until the snapshot is there, the mirror has no table.
        try stand.stand.deliver()
        try stand.stand.sidecar.startReady()
        for round in 1...3 {
            try stand.stand.source("update t set v = 'w\(round)' where id % 2 = 0")
            let equal = try stand.verify()
            #expect(equal.code == 0, "\(equal)")
        }
        #expect(try stand.stand.sidecar.terminate() == 0, "\(stand.stand.sidecar.errors)")
        let lost = try DuckDBStand(schema: "create table t (id int primary key)", library: "/nonexistent/libduckdb.so")
        let check = try lost.stand.sidecar.command(["check", "--config", lost.stand.sidecar.configuration])
        #expect(check.code != 0 && "\(check)".contains("install libduckdb"), "\(check)")
        let run = try lost.stand.sidecar.command(["run", "--config", lost.stand.sidecar.configuration])
        #expect(run.code == 2, "\(run)")
        #expect(run.errors.split(separator: "\n").filter { $0.contains("install libduckdb") }.count == 1, "\(run)")
    }
}
