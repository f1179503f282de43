import CoreIngest
import Glibc
import TestServers
import Testing

/// Must show 6: values of every type arrive with the same meaning in the event and equal in a mirror, through the snapshot
/// and through the stream. `BUZ_FUZZ_SEED` (0 to 999) repeats a run.
@Suite("Every type, end to end", .serialized)
struct EveryTypeTests {
    @Test(
        "Values of every type arrive by snapshot and by stream", .timeLimit(.minutes(2)),
        arguments: PostgresServer.matrix)
    func arrive(major: Int) throws {
        let seed = getenv("BUZ_FUZZ_SEED").flatMap { Int(String(cString: $0)) } ?? Int.random(in: 0..<1000)
        print("every type on \(major): BUZ_FUZZ_SEED=\(seed)")
        let server = try PostgresServer(major)
        let hasContrib = try server.hasContrib()
        let columns = EveryType.columns(hasContrib: hasContrib)
        try server.sql("create database shop")
        try server.sql("create database shop_copy")
        for database in ["shop", "shop_copy"] {
            try server.sql(EveryType.definitions(hasContrib: hasContrib), database: database)
        }
        let definition = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        try server.sql("create table t (id int primary key, \(definition))", database: "shop")
        let sidecar = try Sidecar(
            url: server.url("shop"),
            sinks: """
                \(Sidecar.fileSink)
                - {name: replica, type: postgres, mode: mirror, url: "\(server.url("shop_copy"))"}
                """)
        try server.sql(
            EveryType.insert(columns, from: 1, to: 150, seed: Double(seed) / 1000), database: "shop")
        try sidecar.runUntilIdle()
        try server.sql(
            EveryType.insert(columns, from: 151, to: 300, seed: Double(seed) / 1000 - 1), database: "shop")
        // Rows that came by the snapshot are updated to values of rows that came by the stream.
        let names = columns.map(\.name).joined(separator: ", ")
        try server.sql(
            "update t set (\(names)) = (select \(names) from t o where o.id = t.id + 150) where id % 3 = 0 and id <= 150",
            database: "shop")
        try sidecar.runUntilIdle()

        // The latest event of each row, beside the rows themselves.
        var script =
            "create schema check_events; create table check_events.ev (n int generated always as identity, line json);\n"
        for file in sidecar.files() {
            script +=
                "\\copy check_events.ev (line) from '\(file)' with (format csv, quote E'\\x01', delimiter E'\\x02')\n"
        }
        script += """
            create table check_events.latest as select distinct on (1) (line->'payload'->>'id')::int id, line->'payload' p,
                line->>'isValid' valid
              from check_events.ev order by 1, n desc;
            """
        try server.sql(script, database: "shop")
        #expect(
            try server.sql("select count(*), count(distinct id) from check_events.latest", database: "shop")
                == "300|300")
        #expect(
            try server.sql("select count(*) from check_events.latest where valid <> 'true'", database: "shop") == "0")
        let settings = "set timezone = 'UTC'; set extra_float_digits = 3; set lc_monetary = 'C';"
        for column in columns {
            let found = column.found.replacing("$p", with: "p")
            let different = try server.sql(
                """
                \(settings) select id, left(\(found), 200), left(\(column.expected), 200) from t join check_events.latest using (id)
                where (\(found)) is distinct from (\(column.expected)) limit 2
                """, database: "shop")
            #expect(different.isEmpty, "\(column.type) (\(column.name)) on \(major), event and source: \(different)")
        }
        let digests = columns.map { "md5(coalesce(\($0.mirrored), '-'))" }.joined(separator: ", ")
        let question = "\(settings) select id, \(digests) from t order by id"
        let source = try server.sql(question, database: "shop").split(separator: "\n").map { $0.split(separator: "|") }
        let mirror = try server.sql(question, database: "shop_copy").split(separator: "\n").map {
            $0.split(separator: "|")
        }
        #expect(source.count == 300 && mirror.count == 300)
        for (index, column) in columns.enumerated() {
            let row = zip(source, mirror).first { $0[index + 1] != $1[index + 1] }?.0[0]
            guard let row else { continue }
            let ask = "\(settings) select left(\(column.mirrored), 200) from t where id = \(row)"
            Issue.record(
                """
                \(column.type) (\(column.name)) on \(major), row \(row): the mirror has \
                \(try server.sql(ask, database: "shop_copy")), the source \(try server.sql(ask, database: "shop"))
                """)
        }
        let state = try StateDirectory(path: "\(sidecar.folder.path)/state", exclusive: false)
        #expect(try DeadLetterStore(state, sink: "replica").entries().isEmpty)
    }
}
