import CoreIngest
import Glibc
import TestServers
import Testing

/// The whole way from Postgres to BigQuery's emulator, through crashes and faults.
@Suite("BigQuery, end to end", .serialized, .enabled(if: BigQueryEmulator.isInstalled))
struct BigQueryEndToEndTests {
    private func sink(_ emulator: BigQueryEmulator, _ mode: String, more: String = "") throws -> String {
        try emulator.makeDataset("shop")
        return """
            - {name: warehouse, type: bigquery, mode: \(mode), project: \(BigQueryEmulator.project), dataset: shop, credentials: anonymous,
               endpoint: "\(emulator.endpoint)", storageEndpoint: "\(emulator.storageEndpoint)", requestTimeout: 20s, retry: {max: 1s}\(more)}
            """
    }

    private func verify(_ stand: Stand, _ tables: [String] = []) throws -> (code: Int32, output: String, errors: String)
    {
        try stand.sidecar.command(
            ["verify", "--config", stand.sidecar.configuration, "--load", "100"] + tables, seconds: 300)
    }

    @Test("pgbench, a changed schema, faults of every class and kill -9 leave mirrors that equal the source")
    func mirrorSurvives() throws {
        let emulator = try BigQueryEmulator()
        let stand = try Stand(
            schema: "create table extra (id int primary key, v text)", sinks: sink(emulator, "mirror"))
        let bench = "\(try #require(PostgresServer.binaries(of: stand.server.major)))/pgbench"
        let folder = stand.sidecar.folder
        _ = try ChildProcess.run([bench, "-q", "-i", "-s", "1", "-d", stand.server.url("shop")], folder: folder)
        try stand.sidecar.startReady()
        let traffic = try ChildProcess(
            [bench, "-n", "-c", "2", "-t", "400", "-R", "60", "-d", stand.server.url("shop")], folder: folder)
        for round in 1...3 {
            try emulator.setFaults(
                """
                {"grpc": [{"method": "AppendRows", "code": "UNAVAILABLE", "times": 2, "after": true},
                          {"method": "AppendRows", "code": "RESOURCE_EXHAUSTED", "times": 1}],
                 "rest": [{"path": ".", "status": 503, "times": 1}, {"path": ".", "status": 403, "reason": "quotaExceeded", "times": 1}]}
                """)
            try stand.source(
                """
                insert into extra select i, 'round \(round)' from generate_series(1, 500) i on conflict (id) do update set v = excluded.v;
                alter table extra add column c\(round) numeric(10,2);
                update extra set c\(round) = id / 4.0 where id % 3 = 0; delete from extra where id % 7 = \(round);
                update extra set id = id + \(round)0000 where id % 5 = 0 and id < 10000;
                """)
            if round == 2 { try stand.source("truncate extra; insert into extra values (1, 'after')") }
            let seen = stand.sidecar.metric("buz_sink_events_total") ?? 0
            try eventually(within: 60, "nothing is delivered: \(stand.sidecar.errors.suffix(1500))") {
                (stand.sidecar.metric("buz_sink_events_total") ?? 0) > seen || traffic.exitCode != nil
            }
            stand.sidecar.kill9()
            try stand.sidecar.startReady()
        }
        try emulator.setFaults("{}")
        #expect(try traffic.wait(seconds: 120) == 0)
        _ = try stand.sidecar.terminate()
        try stand.deliver()
        let equal = try verify(stand)
        #expect(equal.code == 0, "\(equal)")
        #expect(equal.output.contains("not compared: it has no key"), "\(equal)")
        // Appended at least once each.
        let history = "SELECT COUNT(*) FROM (SELECT DISTINCT _buz_commit_lsn, _buz_ordinal FROM shop.pgbench_history)"
        #expect(try emulator.column(history) == [try stand.source("select count(*) from pgbench_history")])
        _ = try emulator.rows("UPDATE shop.extra SET v = 'changed' WHERE id = 1")
        let found = try verify(stand, ["public.extra"])
        #expect(found.code == 1 && found.output.contains("differs in v"), "\(found)")
    }

    @Test("With write: committed every event is there once, through kill -9, faults and streams that end")
    func eventsOnce() throws {
        let emulator = try BigQueryEmulator()
        let stand = try Stand(
            schema:
                "create table item (id int primary key, note text); insert into item select i from generate_series(1, 500) i",
            sinks: sink(emulator, "events", more: ", write: committed, deadletterOutput: invalid"))
        // A snapshot that is interrupted begins anew, as another history.
        try stand.deliver()
        let oracle = try DecodingOracle(on: stand.server)
        try stand.sidecar.startReady()
        let folder = try TemporaryFolder("buztraffic")
        let script = """
            i=1000; while [ ! -e \(folder.path)/stop ]; do i=$((i + 50))
            echo "insert into item select g, 'n' from generate_series($i, $((i + 49))) g; update item set note = 'u' where id % 50 = 7 and id > $i;"
            sleep 0.05; done | "\(try #require(PostgresServer.binaries(of: stand.server.major)))/psql" -qX "\(stand.server.url("shop"))"
            """
        let traffic = try ChildProcess(["bash", "-c", script], folder: folder)
        var generator = SeededGenerator(seed: 9)
        for round in 0..<8 {
            try emulator.setFaults(
                """
                {"grpc": [{"method": "AppendRows", "code": "UNAVAILABLE", "times": 2, "after": true},
                          {"method": "AppendRows", "code": "ABORTED", "times": 1},
                          {"method": "FinalizeWriteStream", "code": "UNAVAILABLE", "times": 1, "after": \(round % 2 == 0)}]}
                """)
            usleep(UInt32.random(in: 200_000...900_000, using: &generator))
            if round % 4 == 2 { try emulator.streams("finalize") }
            if round % 4 == 3 { try emulator.streams("forget") }
            usleep(UInt32.random(in: 50_000...300_000, using: &generator))
            stand.sidecar.kill9()
            try stand.sidecar.start()
        }
        try writeText("", to: "\(folder.path)/stop")
        try traffic.wait(seconds: 30)
        try stand.sidecar.waitReady()
        _ = try stand.sidecar.terminate()
        try stand.deliver()
        let counts = try emulator.rows(
            "SELECT op, COUNT(*), COUNT(DISTINCT uuid) FROM shop.events WHERE op <> 'r' GROUP BY op ORDER BY op")
        #expect(counts.allSatisfy { $0[1] == $0[2] }, "\(counts)")
        let changes = try oracle.changeCounts().split(separator: "\n").map(String.init)
        #expect(counts.map { "item|\($0[0])|\($0[1])" } == changes)
        #expect(try emulator.column("SELECT COUNT(*) FROM shop.events WHERE op = 'r'") == ["500"])
    }

    @Test("Values of every type are equal by snapshot and by stream")
    func everyType() throws {
        let hasContrib = try PostgresServer(PostgresServer.usual).hasContrib()
        let columns = EveryType.columns(hasContrib: hasContrib).map { column in
            var column = column
            // What BigQuery's types cannot hold is refused: see BigQueryMirrorTests.
            let isNarrow = [
                "date", "time", "time(0)", "timestamp", "timestamptz", "timestamptz(3)", "numeric(12,2)", "price",
            ].contains(column.type)
            if isNarrow {
                column.values.removeAll { value in
                    ["NaN", "infinity", "BC", "24:00", "10000-", "294276-"].contains { value.contains($0) }
                }
            }
            return column
        }
        let emulator = try BigQueryEmulator()
        let stand = try Stand(
            schema: """
                \(EveryType.definitions(hasContrib: hasContrib))
                create table t (id int primary key, \(columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));
                create table keys (a text, b numeric(20,4), c timestamptz, d bytea, e float8, f date, n int, primary key (a, b, c, d, e, f));
                insert into keys select md5(i::text), i / 8.0, '2026-01-01Z'::timestamptz + i * interval '1.5 s', decode(md5(i::text), 'hex'), i / 3.0::float8,
                  date '2026-01-01' + i, i from generate_series(1, 500) i;
                \(EveryType.insert(columns, from: 1, to: 150, seed: 0.25))
                """, sinks: sink(emulator, "mirror"))
        try stand.deliver()
        try stand.deliver(
            """
            \(EveryType.insert(columns, from: 151, to: 300, seed: -0.25));
            update keys set n = n + 1 where n % 2 = 1; delete from keys where n % 10 = 0;
            """)
        let state = try StateDirectory(path: "\(stand.sidecar.folder.path)/state", exclusive: false)
        let letters = try DeadLetterStore(state, sink: "warehouse").entries().map(\.error)
        #expect(letters.isEmpty, "\(letters.prefix(3))")
        let equal = try verify(stand)
        #expect(equal.code == 0, "\(equal)")
    }

    @Test(
        "Events are all there after faults and kill -9, repeats have the same uuid, and a silent destination takes no memory"
    )
    func eventsSurvive() throws {
        let emulator = try BigQueryEmulator()
        let stand = try Stand(
            schema: "create table item (id int primary key, note text)", sinks: sink(emulator, "events"))
        try stand.sidecar.startReady()
        for part in 0..<3 {
            try emulator.setFaults(
                #"{"grpc":[{"method":"AppendRows","code":"UNAVAILABLE","times":1,"after":true},{"method":"AppendRows","code":"ABORTED","times":1}]}"#
            )
            try stand.source(
                "insert into item select i, 'n' from generate_series(\(part * 1000 + 1), \(part * 1000 + 1000)) i")
            if part == 1 { stand.sidecar.kill9() }
            if part == 1 { try stand.sidecar.startReady() }
        }
        _ = try stand.sidecar.terminate()
        try stand.deliver()
        let counts = try emulator.rows(
            "SELECT COUNT(DISTINCT uuid), COUNT(DISTINCT JSON_VALUE(event, '$.payload.id')), COUNT(DISTINCT position) FROM shop.events"
        )
        #expect(counts == [["3000", "3000", "3000"]])
        // Now it is silent, while 60 MB come.
        try emulator.setFaults(#"{"grpc":[{"code":"UNAVAILABLE","hang":true,"times":100000}]}"#)
        try stand.sidecar.startReady()
        try stand.source("insert into item select i, repeat(md5(i::text), 64) from generate_series(10001, 40000) i")
        try eventually(within: 60, "nothing is parked: \(stand.sidecar.errors.suffix(800))") {
            (stand.sidecar.metric("buz_sink_parked_bytes") ?? 0) > 30_000_000
        }
        #expect((stand.sidecar.metric("buz_resident_memory_bytes") ?? 0) < 250_000_000)
        stand.sidecar.kill9()
    }
}
