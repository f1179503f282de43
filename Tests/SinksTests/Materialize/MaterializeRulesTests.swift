import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// The rules of the emulator, the sink's statements under another judge, and values one by one.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct MaterializeRulesTests {
    private let fixture: MaterializeFixture
    private var server: MaterializeServer { fixture.server }

    init() throws { fixture = try MaterializeFixture() }

    @Test("The emulator refuses what Materialize refuses")
    func dialect() throws {
        try server.client("CREATE TABLE t (a integer)")
        for (sql, words) in Self.refused {
            var refusal = ""
            do {
                try server.client(sql)
            } catch {
                refusal = "\(error)"
            }
            #expect(refusal.contains(words), "\(sql): \(refusal)")
        }
        #expect(server.errors.isEmpty, "\(server.errors)")
    }

    private static let refused = [
        ("BEGIN; SELECT 1; INSERT INTO t VALUES (1)", "transaction in read-only mode"),
        ("BEGIN; INSERT INTO t VALUES (1); SELECT 1", "transaction in write-only mode"),
        ("BEGIN; INSERT INTO t SELECT 1", "cannot be run inside a transaction block"),
        ("BEGIN; DELETE FROM t", "cannot be run inside a transaction block"),
        ("BEGIN; UPDATE t SET a = 1", "cannot be run inside a transaction block"),
        ("BEGIN; CREATE TABLE u (a int)", "cannot be run inside a transaction block"),
        ("CREATE TABLE u (a integer PRIMARY KEY)", "0A000"), ("CREATE TABLE u (a json)", "unknown catalog item"),
        ("CREATE TABLE u (a inet)", "unknown catalog item"), ("CREATE UNIQUE INDEX i ON t (a)", "42601"),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "42601"), ("BEGIN; SAVEPOINT a", "42601"),
        ("SELECT pg_try_advisory_lock(1)", "42883"), ("SET lock_timeout = 1", "42704"),
        ("TRUNCATE t", "42601"), ("ALTER TABLE t ADD COLUMN b int", "0A000"),
        ("SELECT * FROM nowhere", "unknown catalog item"),
        ("CREATE TABLE v (a date); INSERT INTO v VALUES ('infinity')", "22P04"),
        ("CREATE TABLE w (a numeric); INSERT INTO w VALUES (1234567890123456789012345678901234567890)", "22P04"),
    ]

    @Test("Every statement that the sink sends is Materialize's to sqlfluff, too")
    func statements() async throws {
        let sink = fixture.sink {
            $0.compactAfter = 1
            $0.makesIndexes = true
            $0.cluster = "ingest"
            $0.deadletterOutput = "invalid"
        }
        let lane = LaneStandIn(sink)
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let kinds = SourceTypes.all.enumerated().map { ("c\($0)", $1.column.kind) }
        let narrow = fixture.stream([id, ("at", .timestamp(withZone: true))] + kinds, key: [0, 1], table: "wide")
        let key = #"{"id":1,"at":"2026-01-01T00:00:00Z"}"#
        maker.add(.create, narrow, key, key: key)
        maker.add(.none, fixture.orders, #"{"hello":"world"}"#)
        maker.add(.create, fixture.stream([id], key: [], table: "log"), #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        for round in 0..<201 {
            maker.begin()
            let shape =
                round == 0
                ? fixture.stream(
                    [id, ("at", .timestamp(withZone: true)), ("more", .text)], key: [0, 1], table: "wide")
                : fixture.orders
            maker.add(.truncate, shape)
            if round == 0 {
                maker.add(.update, shape, key, key: key, unchanged: #""more""#)
            } else {
                maker.add(.create, shape, #"{"id":1,"name":"n"}"#, key: #"{"id":1}"#)
            }
            try await lane.deliver(maker.seal())
            maker.begin()
            if round == 0 { maker.add(.update, shape, key, key: key, unchanged: #""more""#) }
            if round < 2 { try await lane.deliver(maker.seal()) }
        }
        await sink.close()
        let reader = try MaterializeMirrorReader(fixture.settings())
        let table = ParityTable(
            schema: "public", name: "orders",
            columns: fixture.orders.columns, keyColumns: fixture.orders.keyColumns,
            estimatedRows: 1)
        var count = 0
        _ = try reader.scope(of: table)
        try reader.read(table, .range(KeyRange(after: "0", upTo: "9"))) { _ throws(ParityError) in count += 1 }
        try reader.read(table, .keys([ParityKey(["1"])])) { _ throws(ParityError) in count += 1 }
        #expect(count == 2)
        let sent = server.statements
        for words in ["DELETE FROM", "USING", "DECLARE", "CREATE OR REPLACE VIEW", "CREATE INDEX", "COPY", "wanted"] {
            #expect(sent.contains { $0.contains(words) }, "no \(words)")
        }
        guard SQLGrammar.isInstalled else { return }
        // Not in that grammar: the documentation of Materialize has them.
        let judged = sent.filter { statement in
            !["COPY", "FETCH", "DECLARE", "SET"].contains { statement.hasPrefix($0) }
        }
        #expect(judged.count > 20)
        #expect(try SQLGrammar.unreadable(judged, dialect: "materialize") == [])
        #expect(
            try !SQLGrammar.unreadable(["CREATE TABLE t (a integer) WITHOUT REASON"], dialect: "materialize").isEmpty)
    }

    private static let cases: [(StreamDescriptor.Kind, String, String?)] = [
        (StreamDescriptor.Kind.integer(bits: 64), "-9223372036854775808", "-9223372036854775808"),
        (.integer(bits: 16), "32768", nil), (.boolean, "true", "t"), (.float(bits: 64), "5e-324", "5e-324"),
        (.float(bits: 64), #""NaN""#, "NaN"), (.float(bits: 32), "0.1", "0.1"),
        (.float(bits: 64), #""-Infinity""#, "-Infinity"), (.numeric(precision: 12, scale: 2), "0.50", "0.5"),
        (.numeric(precision: 12, scale: 2), #""NaN""#, "NaN"), (.numeric(precision: nil, scale: nil), "1.10", "1.10"),
        (
            .numeric(precision: 39, scale: 9), "-\(String(repeating: "9", count: 30)).888888888",
            "-\(String(repeating: "9", count: 30)).888888888"
        ),
        (.numeric(precision: 39, scale: 9), String(repeating: "9", count: 40), nil),
        (.numeric(precision: 70, scale: 2), "1.10", "1.10"),
        (.uuid, #""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        (.uuid, #""no uuid""#, nil), (.bytes, #""\\x27ff5c""#, "\\x27ff5c"), (.bytes, #""\\x""#, "\\x"),
        (.date, #""2026-01-02""#, "2026-01-02"), (.date, #""infinity""#, "9999-12-31"),
        (.date, #""0044-03-15 BC""#, "0001-01-01"),
        (.timestamp(withZone: true), #""294276-12-31T00:00:00Z""#, "9999-12-31 23:59:59.999999+00"),
        (.timestamp(withZone: true), #""2026-01-02T03:04:05.5Z""#, "2026-01-02 03:04:05.5+00"),
        (.timestamp(withZone: false), #""2026-01-02T03:04:05""#, "2026-01-02 03:04:05"),
        (.time(withZone: false), #""24:00:00""#, nil), (.time(withZone: false), #""12:34:56.789""#, "12:34:56.789"),
        (.time(withZone: true), #""12:34:56.789+02""#, "12:34:56.789+02"),
        (.interval, #""1 year 2 mons""#, "1 year 2 mons"),
        (.json, #"{"a": 1.00, "\u0000": "\""}"#, #"{"a": 1.00, "\u0000": "\""}"#),
        (.array(of: .integer(bits: 32)), "[1,null]", "[1,null]"), (.string(maxLength: 3), #""äöü""#, "äöü"),
        (.string(maxLength: nil), #""😀 \u0027\\ ""#, "😀 '\\ "),
    ]

    @Test("Values are stored as the page says, and those that a column cannot hold have their outcome")
    func values() async throws {
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        for (number, (kind, json, expected)) in Self.cases.enumerated() {
            maker.begin()
            let table = fixture.stream([("id", .integer(bits: 32)), ("v", kind)], key: [0], table: "v\(number)")
            maker.add(.create, table, #"{"id":1,"v":\#(json)}"#, key: #"{"id":1}"#)
            maker.add(.create, table, #"{"id":2,"v":null}"#, key: #"{"id":2}"#)
            let outcome = await sink.write([BatchSlice(maker.seal())])
            if let expected {
                #expect(outcome.isDelivered, "\(kind) \(json): \(outcome)")
                let found = try server.sql("SET TimeZone = 'UTC'; SELECT v FROM v\(number) WHERE id = 1")
                #expect(found == expected, "\(kind) \(json)")
            } else {
                guard case .rejected(let rejections) = outcome else {
                    Issue.record("\(kind) \(json): \(outcome)")
                    continue
                }
                #expect(rejections.count == 1 && rejections[0].record == 0, "\(rejections)")
                #expect(!rejections[0].failure.message.contains("no uuid"))
            }
            #expect(try server.sql("SELECT count(*) FROM v\(number) WHERE v IS NULL") == "1")
        }
        await sink.close()
    }

    @Test("What is wrong is one line that says what to do, without the password")
    func opening() async throws {
        func failure(_ change: (inout MaterializeSinkSettings) -> Void) async -> SinkFailure? {
            do throws(SinkFailure) {
                _ = try await fixture.sink(change).open()
                return nil
            } catch {
                return error
            }
        }
        let wrong = try #require(await failure { $0.url = $0.url.replacing("secret%20word", with: "not%20it") })
        #expect(wrong.code == .unauthorized && wrong.message.contains("invalid password"), "\(wrong)")
        let nowhere = try #require(await failure { $0.url = "postgres://buz:secret@127.0.0.1:1/materialize" })
        #expect(nowhere.code == .unavailable && nowhere.reopen, "\(nowhere)")
        let cluster = try #require(await failure { $0.cluster = "gone" })
        #expect(cluster.code == .misconfigured && cluster.message.contains("unknown cluster"), "\(cluster)")
        let schemas = try #require(await failure { $0.schema = "buz_cdc" })
        #expect(schemas.code == .misconfigured && schemas.message.contains("choose two"), "\(schemas)")
        try server.sql("REVOKE CREATE ON DATABASE materialize FROM buz")
        let denied = try #require(await failure { _ in })
        #expect(denied.code == .unauthorized && denied.message.contains("docs/sinks/materialize.md"), "\(denied)")
        for one in [wrong, nowhere, cluster, schemas, denied] {
            #expect(!one.message.contains("\n") && !one.message.contains("secret") && !one.message.contains("not it"))
        }
    }
}

@Suite struct MaterializeFailureTests {
    @Test(
        "Materialize's own errors are told by code and words",
        arguments: [
            ("XX000", "write transactions only support writes to a single table", PostgresFailure.Kind.misconfigured),
            ("XX000", "unknown catalog item 'buz_cdc.t'", .catalogChanged),
            ("XX000", "unknown schema 'x'", .misconfigured),
            ("MZ010", "login blocked", .connectionLost), ("MZ011", "session denied", .permission),
            ("25006", "cannot write in read-only mode", .connectionLost), ("57014", "timed out", .transient),
            ("0A000", "CLUSTER \"c\" has no replicas available to service request", .connectionLost),
            ("40001", "another session modified the catalog", .transient), ("22P04", "invalid input syntax", .data),
            ("42501", "permission denied for SCHEMA", .permission),
            ("53000", "creating table would violate max_tables", .transient),
            ("XX000", "cannot drop view \"v\": still depended upon by view \"w\"", .misconfigured),
        ])
    func failures(state: String, words: String, kind: PostgresFailure.Kind) {
        let failure = PostgresFailure(sqlState: state, message: words, column: nil, constraint: nil, copyLine: nil)
        #expect(failure.ofMaterialize().kind == kind)
    }
}
