import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// What Redshift refuses, for a while or for ever.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct RedshiftFailureTests {
    private let fixture: RedshiftFixture
    private var server: RedshiftServer { fixture.server }
    private var orders: StreamDescriptor { fixture.orders }

    init() throws { fixture = try RedshiftFixture() }

    private func failure(_ change: (inout RedshiftSinkSettings) -> Void) async -> SinkFailure? {
        var settings = fixture.settings()
        change(&settings)
        do {
            _ = try await RedshiftSink(settings, renderer: SampleEvents.renderer).open()
            return nil
        } catch {
            return error
        }
    }

    @Test("What is wrong is one line that says what to do, without the password")
    func opening() async throws {
        let wrong = try #require(await failure { $0.url = $0.url.replacing("secret%20word", with: "not%20it") })
        #expect(wrong.code == .unauthorized && wrong.message.contains("docs/sinks/redshift.md"), "\(wrong)")
        let unknown = try #require(await failure { $0.url = $0.url.replacing("/warehouse", with: "/none") })
        #expect(unknown.code == .unavailable && unknown.message.contains("does not exist"), "\(unknown)")
        let nowhere = try #require(await failure { $0.url = "postgres://buz:secret@127.0.0.1:1/shop" })
        #expect(nowhere.code == .unavailable && nowhere.reopen, "\(nowhere)")
        let malformed = try #require(await failure { $0.url = "postgres://buz:secret@h/shop?nosuch=1" })
        #expect(malformed.code == .misconfigured, "\(malformed)")
        try server.sql("REVOKE CREATE ON DATABASE warehouse FROM buz")
        let denied = try #require(await failure { _ in })
        #expect(denied.code == .unauthorized && denied.message.contains("42501"), "\(denied)")
        for one in [wrong, unknown, nowhere, malformed, denied] {
            #expect(!one.message.contains("\n") && !one.message.contains("secret") && !one.message.contains("not it"))
        }
    }

    @Test(
        "What a column cannot hold is a dead letter, in mirrors and in the table of events, and the others are stored")
    func poison() async throws {
        let table = fixture.stream(
            [
                ("id", .integer(bits: 32)), ("t", .string(maxLength: nil)), ("f", .float(bits: 64)),
                ("n", .numeric(precision: 5, scale: 2)), ("b", .bytes),
            ], key: [0], table: "things")
        func values(_ size: Int) -> String { String(repeating: "x", count: size) }
        let rows = [
            #""t":"\#(values(65_535))""#, #""t":"\#(values(65_536))""#, #""t":"\#(values(65_534))ä""#,
            #""f":"NaN""#, #""f":1e-308"#, #""f":1.5e-300"#, #""n":"NaN""#, #""n":1234.5"#, #""n":-123.45"#,
            #""b":"\\x\#(String(repeating: "00", count: 32_767))""#,
            #""b":"\\x\#(String(repeating: "00", count: 32_768))""#, #""t":"a\u0000b""#,
        ]
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        for (id, row) in rows.enumerated() {
            maker.add(.create, table, "{\"id\":\(id),\(row)}", key: "{\"id\":\(id)}")
        }
        // A later change mends one, and another one spoils the last of a row.
        maker.add(.update, table, #"{"id":3,"f":1}"#, key: #"{"id":3}"#)
        maker.add(.update, table, #"{"id":5,"f":"Infinity"}"#, key: #"{"id":5}"#)
        guard case .rejected(let rejections) = await sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("not refused")
            return
        }
        #expect(rejections.map(\.record) == [1, 2, 4, 6, 7, 10, 11, 13], "\(rejections.map(\.record))")
        #expect(rejections.allSatisfy { $0.failure.message.contains("does not hold") }, "\(rejections)")
        #expect(try server.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM things") == "0,3,5,8,9")
        #expect(try server.sql("SELECT f FROM things WHERE id IN (3, 5) ORDER BY id") == "1\n1.5e-300")
        await sink.close()

        let events = fixture.sink(.events)
        _ = try await events.open()
        maker.begin()
        for (id, size) in [(1, 10), (2, 70_000), (3, 60_000)] {
            maker.add(
                .create, orders, "{\"id\":\(id),\"name\":\"n\",\"note\":\"\(values(size))\"}", key: "{\"id\":\(id)}")
        }
        guard case .rejected(let large) = await events.write([BatchSlice(maker.seal())]) else {
            Issue.record("not refused")
            return
        }
        #expect(large.map(\.record) == [1] && large[0].failure.code == .tooLarge, "\(large)")
        #expect(try server.sql("SELECT COUNT(*) FROM events") == "2")
        await events.close()
    }

    @Test("Rows that only the server refuses are found by halves, and a table of one's own is used as it is")
    func refusedByTheServer() async throws {
        try server.client(
            """
            CREATE TABLE "visits" ("id" BIGINT NOT NULL, "name" VARCHAR(20) NOT NULL, "at" TIME, "own" INT DEFAULT 7);
            CREATE TABLE "events" ("uuid" CHAR(36), "received_at" TIMESTAMPTZ, "schema" VARCHAR(500), "is_valid" BOOLEAN,
              "op" CHAR(1), "table_name" VARCHAR(300), "commit_lsn" DECIMAL(20,0), "ordinal" DECIMAL(20,0), "envelope" SUPER)
            """)
        let visits = fixture.stream(
            [("id", .integer(bits: 64)), ("name", .string(maxLength: 5)), ("at", .time(withZone: false))], key: [0],
            table: "visits")
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        for id in 0..<100 {
            let time = id == 40 || id == 99 ? "no time" : "12:30:00.5"
            maker.add(
                .create, visits, "{\"id\":\(id),\"name\":\(id == 7 ? "null" : "\"n\""),\"at\":\"\(time)\"}",
                key: "{\"id\":\(id)}")
        }
        let outcome = await sink.write([BatchSlice(maker.seal())])
        guard case .rejected(let rejections) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(rejections.map(\.record) == [7, 40, 99], "\(rejections)")
        for rejection in rejections { #expect(!rejection.failure.message.contains("no time"), "\(rejection)") }
        #expect(try server.sql("SELECT COUNT(*), SUM(own), MAX(at) FROM visits") == "97|679|12:30:00.5")
        await sink.close()
        let events = fixture.sink(.events)
        _ = try await events.open()
        maker.begin()
        maker.add(.create, orders, #"{"id":1,"name":"a\\b'"}"#, key: #"{"id":1}"#)
        #expect(await events.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT envelope->'payload'->>'name' FROM events") == #"a\b'"#)
        await events.close()
    }

    @Test("More refused events than a row of positions has room for are all asked for again after a crash")
    func manyRefused() async throws {
        let table = fixture.stream(
            [("id", .integer(bits: 32)), ("f", .float(bits: 64))], key: [0], table: "things")
        let maker = BatchMaker()
        for id in 0..<16000 {
            maker.add(
                .create, table, "{\"id\":\(id),\"f\":\(id % 2 == 0 ? "\"NaN\"" : "1")}", key: "{\"id\":\(id)}")
        }
        let batch = maker.seal()
        let sink = fixture.sink()
        _ = try await sink.open()
        guard case .rejected(let rejections) = await sink.write([BatchSlice(batch)]) else {
            Issue.record("not refused")
            return
        }
        #expect(rejections.count == 8000)
        await sink.close()
        #expect(try server.sql("SELECT COUNT(*) > 1 FROM buz_cdc.positions_copy") == "t")
        let again = fixture.sink()
        let floor = try await again.open()[batch.source]
        #expect(floor == batch.records[0].position.predecessor)
        guard case .rejected(let repeated) = await again.write([BatchSlice(batch)]) else {
            Issue.record("not refused again")
            return
        }
        #expect(repeated.map(\.record) == rejections.map(\.record))
        #expect(try server.sql("SELECT COUNT(*), COUNT(DISTINCT id) FROM things") == "8000|8000")
        maker.begin()
        maker.add(.create, table, #"{"id":90000,"f":1}"#, key: #"{"id":90000}"#)
        #expect(await again.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT COUNT(*), MAX(rejected) FROM buz_cdc.positions_copy") == "1|")
        await again.close()
    }

    @Test("Shapes that no table can have are refused with their events, and other tables go on")
    func impossible() async throws {
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let wide = (0..<1600).map { ("c\($0)", StreamDescriptor.Kind.integer(bits: 32)) }
        maker.add(.create, fixture.stream([id] + wide, key: [0], table: "wide"), #"{"id":1}"#, key: #"{"id":1}"#)
        let twins = fixture.stream([id, ("a", .text), ("A", .text)], key: [0], table: "twins")
        maker.add(.create, twins, #"{"id":1}"#, key: #"{"id":1}"#)
        maker.add(.create, orders, #"{"id":1,"name":"n"}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.count == 2, "\(lane.rejections)")
        #expect(try server.sql("SELECT COUNT(*) FROM orders") == "1")
        maker.begin()
        let other = fixture.stream([id, ("name", .text)], key: [0], table: "ORDERS")
        maker.add(.create, other, #"{"id":2,"name":"n"}"#, key: #"{"id":2}"#)
        guard case .rejected(let rejections) = await lane.sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("the write went through, or not at all")
            return
        }
        #expect(rejections.first?.failure.message.contains("which is the mirror of") == true, "\(rejections)")
        #expect(try server.sql("SELECT COUNT(*) FROM orders") == "1")
        await lane.sink.close()
    }

    @Test("A revoked grant, a conflict and a dropped table are told or mended, each with its own line")
    func transient() async throws {
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"n"}"#, key: #"{"id":1}"#)
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"m"}"#, key: #"{"id":1}"#)
        let batch = maker.seal()
        try server.sql("ALTER TABLE orders OWNER TO postgres")
        let denied = try #require(await sink.write([BatchSlice(batch)]).failure)
        #expect(denied.code == .unauthorized && denied.message.contains("42501"), "\(denied)")
        try server.sql("ALTER TABLE orders OWNER TO buz")
        #expect(await sink.write([BatchSlice(batch)]).isDelivered)
        #expect(try server.sql("SELECT name FROM orders") == "m")
        try server.sql("DROP TABLE orders")
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"k"}"#, key: #"{"id":1}"#)
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT name FROM orders") == "k")
        let conflict = RedshiftSession.redshift(
            PostgresFailure(
                sqlState: "XX000", message: "1023", column: nil, constraint: nil, copyLine: nil))
        #expect(conflict.kind == .transient && conflict.message.contains("same time"))
        await sink.close()
    }
}
