import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// Against a Postgres that refuses what Materialize refuses.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct MaterializeSinkTests {
    private let fixture: MaterializeFixture
    private var server: MaterializeServer { fixture.server }
    private var orders: StreamDescriptor { fixture.orders }

    init() throws { fixture = try MaterializeFixture() }

    /// What is left of an event where only its payload is stored.
    private func payloadOnly(_ payload: String) -> RecordedEvent {
        var record = EventRecord()
        record.operation = .none
        var batches = TestBatch()
        var event = RecordedEvent(record, of: batches.transaction([]))
        event.payload = payload
        return event
    }

    @Test("Both modes pass the shared suite", arguments: [MaterializeSinkSettings.Mode.events, .mirror])
    func conformance(mode: MaterializeSinkSettings.Mode) async throws {
        let question =
            mode == .events
            ? """
            SELECT '{"id":' || (envelope::json->'payload'->>'id') || ',"note":' || (envelope::json->'payload'->'note')::text || '}'
            FROM events ORDER BY commit_lsn, ordinal
            """ : "SELECT '{\"id\":' || id || ',\"note\":' || to_json(note)::text || '}' FROM items ORDER BY id"
        var suite = SinkConformance(
            make: { fixture.sink(mode) },
            read: { try server.sql(question).split(separator: "\n").map { payloadOnly(String($0)) } },
            keeps: { events in
                if mode == .events { return events.map { payloadOnly($0.payload) } }
                // The last state of each row.
                var rows: [String: String] = [:]
                for event in events { rows[event.key] = event.payload }
                func id(_ key: String) -> Int { Int(key.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0 }
                return rows.sorted { id($0.key) < id($1.key) }.map { payloadOnly($0.value) }
            }, interrupt: { try server.interrupt() })
        guard mode == .mirror else { return try await suite.all() }
        // The marks of a snapshot empty a mirror.
        try await suite.keepsOrder()
        try await suite.takesLargeEvents()
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
    }

    @Test func rowsFollowTheirSource() async throws {
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.snapshotBegin, orders)
        for id in 1...5 {
            maker.add(.read, orders, #"{"id":\#(id),"name":"n\#(id)","note":"big\#(id)"}"#, key: #"{"id":\#(id)}"#)
        }
        maker.add(.snapshotEnd, orders)
        try await lane.deliver(maker.seal())
        maker.begin()
        maker.add(.update, orders, #"{"id":2,"name":"two","note":null}"#, key: #"{"id":2}"#)
        maker.add(.delete, orders, #"{"id":3}"#, key: #"{"id":3}"#, before: #"{"id":3}"#, flags: .beforeIsKeyOnly)
        maker.add(
            .update, orders, #"{"id":40,"name":"moved"}"#, key: #"{"id":40}"#, before: #"{"id":4}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(
            .update, orders, #"{"id":41,"name":"moved on"}"#, key: #"{"id":41}"#, before: #"{"id":40}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(
            .update, orders, #"{"id":50,"name":"whole","note":"w"}"#, key: #"{"id":50}"#, before: #"{"id":5}"#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(.update, orders, #"{"id":1,"name":"one"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.update, orders, #"{"id":9,"name":"partial"}"#, key: #"{"id":9}"#, unchanged: #""note""#)
        let batch = maker.seal()
        let question = "SELECT id, name, coalesce(note, '∅') FROM orders ORDER BY id"
        let expected = "1|one|big1\n2|two|∅\n9|partial|∅\n41|moved on|big4\n50|whole|w"
        try await lane.deliver(batch)
        #expect(try server.sql(question) == expected)
        #expect(lane.sink.incompleteRows == 1)
        // As after a crash before the acknowledgement.
        let again = LaneStandIn(fixture.sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(try server.sql(question) == expected)
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"in vain"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.truncate, orders)
        maker.add(.create, orders, #"{"id":7,"name":"\u00e9\"'\\\t\n","note":"\\N"}"#, key: #"{"id":7}"#)
        maker.add(.update, orders, #"{"id":1,"name":"new"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        try await again.deliver(maker.seal())
        #expect(
            try server.sql("SELECT id, encode(convert_to(name, 'UTF8'), 'hex'), note FROM orders ORDER BY id")
                == "1|6e6577|\n7|c3a922275c090a|\\N")
        await again.sink.close()
        await lane.sink.close()
    }

    @Test("Two texts of one key are one row, and keys of several columns and types are found again")
    func keys() async throws {
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let table = fixture.stream(
            [
                ("a", .string(maxLength: nil)), ("b", .bytes), ("c", .timestamp(withZone: true)),
                ("d", .numeric(precision: 10, scale: 2)), ("v", .integer(bits: 32)), ("big", .text),
            ], key: [0, 1, 2, 3], table: "keys")
        func key(_ text: String, _ number: String) -> String {
            #""a":"\#(text)","b":"\\x00ff","c":"2026-01-01T00:00:00.000001Z","d":\#(number)"#
        }
        for (number, text) in ["a", "A", "a ", "'", "a\\\\"].enumerated() {
            maker.add(
                .create, table, "{\(key(text, "1.50")),\"v\":\(number),\"big\":\"b\(number)\"}",
                key: "{\(key(text, "1.50"))}")
        }
        try await lane.deliver(maker.seal())
        maker.begin()
        for text in ["A", "'", "a\\\\"] {
            maker.add(
                .update, table, "{\(key(text, "1.50")),\"v\":9}", key: "{\(key(text, "1.50"))}", unchanged: #""big""#)
        }
        // The same key to the database, another text to the fold.
        maker.add(
            .update, table, "{\(key("a", "1.5")),\"v\":8}", key: "{\(key("a", "1.5"))}",
            before: "{\(key("a", "1.50"))}", unchanged: #""big""#, flags: [.keyChanged, .beforeIsKeyOnly])
        try await lane.deliver(maker.seal())
        #expect(
            try server.sql("SELECT a, v, big FROM keys ORDER BY a")
                == "'|9|b3\nA|9|b1\na|8|b0\na |2|b2\na\\|9|b4")
        await lane.sink.close()
    }

    @Test("Mirrors follow added columns and wider types by another table of changes; those without a key are lists")
    func shapes() async throws {
        let lane = LaneStandIn(fixture.sink { $0.makesIndexes = true })
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let name = "Or\"d.er"
        let narrow = fixture.stream([id, ("n", .integer(bits: 32)), ("old", .text)], key: [0], table: name)
        maker.add(.create, narrow, #"{"id":1,"n":7,"old":"x"}"#, key: #"{"id":1}"#)
        maker.add(.create, narrow, #"{"id":2,"n":8,"old":"y"}"#, key: #"{"id":2}"#)
        let wide = fixture.stream(
            [("id", .integer(bits: 64)), ("n", .string(maxLength: nil)), ("select", .json)], key: [0], table: name)
        maker.add(.create, wide, #"{"id":20000000000,"n":"007","select":{"a":[1.0]}}"#, key: #"{"id":20000000000}"#)
        maker.add(.update, wide, #"{"id":2,"n":"8b","select":null}"#, key: #"{"id":2}"#)
        let keyless = fixture.stream([("v", .string(maxLength: nil))], key: [], table: "log")
        maker.add(.create, keyless, #"{"v":"mine"}"#)
        maker.add(.truncate, keyless)
        let batch = maker.seal()
        try await lane.deliver(batch)
        let question = """
            SELECT id, n, coalesce(old, '∅'), coalesce("select", '∅') FROM "Or""d.er" ORDER BY id
            """
        #expect(
            try server.sql(question) == "1|7|x|∅\n2|8b|∅|∅\n20000000000|007|∅|{\"a\":[1.0]}")
        let again = LaneStandIn(fixture.sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(
            try server.sql("SELECT coalesce(v, '∅'), _buz_op FROM log ORDER BY _buz_ordinal") == "mine|c\n∅|t")
        // A shape that comes again after a crash is taken by the wider table.
        maker.begin()
        maker.add(.update, narrow, #"{"id":1,"n":70,"old":"z"}"#, key: #"{"id":1}"#)
        try await again.deliver(maker.seal())
        #expect(try server.sql("SELECT n, old FROM \"Or\"\"d.er\" WHERE id = 1") == "70|z")
        #expect(
            try server.sql("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'public.Or%'") == "2")
        await again.sink.close()
        await lane.sink.close()
    }

    @Test("What cannot follow is one line that says what to do, and goes on once it is done")
    func blocked() async throws {
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        func table(_ more: [(String, StreamDescriptor.Kind)], key: [Int] = [0]) -> StreamDescriptor {
            fixture.stream([id] + more, key: key, table: "t")
        }
        maker.add(.create, table([("n", .boolean)]), #"{"id":1,"n":true}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        try server.sql("CREATE VIEW report AS SELECT count(*) FROM t")
        maker.begin()
        maker.add(.create, table([("n", .boolean), ("m", .text)]), #"{"id":2,"n":true,"m":"m"}"#, key: #"{"id":2}"#)
        let batch = maker.seal()
        let depended = try #require(await lane.sink.write([BatchSlice(batch)]).failure)
        #expect(depended.code == .misconfigured && depended.message.contains("drop what depends on it"), "\(depended)")
        try server.sql("DROP VIEW report")
        try await lane.deliver(batch)
        #expect(try server.sql("SELECT id, coalesce(m, '∅') FROM t ORDER BY id") == "1|∅\n2|m")
        maker.begin()
        maker.add(.create, table([("n", .text)]), #"{"id":3,"n":"7"}"#, key: #"{"id":3}"#)
        let unlike = try #require(await lane.sink.write([BatchSlice(maker.seal())]).failure)
        #expect(unlike.code == .misconfigured && unlike.message.contains("DROP VIEW \"public\".\"t\""), "\(unlike)")
        maker.begin()
        maker.add(.create, table([("n", .boolean)], key: [0, 1]), #"{"id":3,"n":true}"#, key: #"{"id":3,"n":true}"#)
        let rekeyed = try #require(await lane.sink.write([BatchSlice(maker.seal())]).failure)
        #expect(rekeyed.code == .misconfigured && rekeyed.message.contains("another key"), "\(rekeyed)")
        try server.sql(
            "CREATE VIEW mine AS SELECT 1 AS id; CREATE TABLE yours (id int); GRANT SELECT ON mine, yours TO buz")
        for name in ["mine", "yours"] {
            maker.begin()
            maker.add(.create, fixture.stream([id], key: [0], table: name), #"{"id":3}"#, key: #"{"id":3}"#)
            let taken = try #require(await lane.sink.write([BatchSlice(maker.seal())]).failure)
            #expect(taken.code == .misconfigured && taken.message.contains("not a mirror of this sink"), "\(taken)")
        }
        maker.begin()
        let own = fixture.stream([id, ("_buz_op", .text)], key: [0], table: "own")
        maker.add(.create, own, #"{"id":3}"#, key: #"{"id":3}"#)
        maker.add(.create, orders, #"{"id":3,"name":"n"}"#, key: #"{"id":3}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.count == 1 && lane.rejections[0].failure.message.contains("_buz_op"))
        #expect(try server.sql("SELECT count(*) FROM orders") == "1")
        await lane.sink.close()
    }

    @Test("Of many rows only those are refused that the server refuses, and the others are stored")
    func poison() async throws {
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1000,"name":"first"}"#, key: #"{"id":1000}"#)
        let log = fixture.stream([("n", .integer(bits: 32))], key: [], table: "log")
        maker.add(.create, log, #"{"n":0}"#)
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        // What a server may know that this side does not.
        try server.sql(
            """
            ALTER TABLE buz_cdc."public.orders.1" ADD CHECK (name <> 'bad');
            ALTER TABLE buz_cdc."public.log.1" ADD CHECK (n <> 13);
            """)
        maker.begin()
        let poison = [3, 40, 99]
        for id in 0..<100 {
            maker.add(
                .create, orders, "{\"id\":\(id),\"name\":\"\(poison.contains(id) ? "bad" : "n")\"}",
                key: "{\"id\":\(id)}")
        }
        // A later change of a refused row, and one that stays refused by its last change only.
        maker.add(.update, orders, #"{"id":3,"name":"mended"}"#, key: #"{"id":3}"#)
        maker.add(.update, orders, #"{"id":5,"name":"bad"}"#, key: #"{"id":5}"#)
        for number in 10..<20 { maker.add(.create, log, "{\"n\":\(number)}") }
        let batch = maker.seal()
        guard case .rejected(let rejections) = await sink.write([BatchSlice(batch)]) else {
            Issue.record("not refused")
            return
        }
        #expect(rejections.map(\.record) == [40, 99, 101, 105], "\(rejections)")
        for rejection in rejections { #expect(!rejection.failure.message.contains("bad")) }
        let question =
            "SELECT (SELECT count(*) FROM orders), (SELECT string_agg(name, ',') FROM orders WHERE id IN (3, 5)), (SELECT count(*) FROM log)"
        #expect(try server.sql(question) == "99|mended,n|10")
        // The positions know what was refused: a new instance is sent it again, and only that.
        let again = fixture.sink()
        let floor = try await again.open()
        #expect(try #require(floor[batch.source]) < batch.records[40].position)
        _ = await again.write([BatchSlice(batch)])
        #expect(try server.sql(question) == "99|mended,n|10")
        await again.close()
        await sink.close()
    }

    @Test("Events of all kinds have their tables; dead letters that are written again come behind what is there")
    func replay() async throws {
        let sink = fixture.sink { $0.deadletterOutput = "invalid" }
        _ = try await sink.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"one","note":"old"}"#, key: #"{"id":1}"#)
        let first = maker.seal()
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"two"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.none, orders, #"{"hello":"world"}"#)
        maker.add(.create, orders, #"{"id":2,"name":"x"}"#, key: #"{"id":2}"#, flags: .invalid)
        let second = maker.seal()
        #expect(await sink.write([BatchSlice(first)]).isDelivered)
        #expect(await sink.write([BatchSlice(second)]).isDelivered)
        #expect(
            try server.sql(
                "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM invalid), name, note FROM orders")
                == "1|1|two|old")
        let replay = fixture.sink { $0.isReplay = true }
        #expect(try await replay.open().isEmpty)
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"mended"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        #expect(await replay.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT name, note FROM orders") == "mended|old")
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"three"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT name, note FROM orders") == "three|old")
        await replay.close()
        await sink.close()
    }

    @Test("Another instance under the same name is told of, and gone on from; positions that were replaced go")
    func rivals() async throws {
        let first = fixture.sink {
            $0.mode = .events
            $0.rivalInterval = .zero
        }
        let second = fixture.sink(.events)
        var maker = TestBatch()
        _ = try await first.open()
        #expect(await first.write([BatchSlice(maker.inserts(5))]).isDelivered)
        _ = try await second.open()
        let batch = maker.inserts(5)
        #expect(await second.write([BatchSlice(batch)]).isDelivered)
        let told = try #require(await first.write([BatchSlice(batch)]).failure)
        #expect(told.code == .unavailable && told.message.contains("another instance"), "\(told)")
        #expect(await first.write([BatchSlice(batch)]).isDelivered)
        #expect(try server.sql("SELECT count(*), count(DISTINCT uuid) FROM events") == "10|10")
        await second.close()
        for _ in 0..<400 { #expect(await first.write([BatchSlice(maker.inserts(1))]).isDelivered) }
        #expect(try server.sql("SELECT count(*) <= 201, max(write_number) FROM buz_cdc.positions") == "t|403")
        await first.close()
        let again = fixture.sink(.events)
        #expect(try await again.open() != [:])
        await again.close()
    }

    @Test("What was replaced and cannot be deleted is told, and holds nothing up")
    func growth() async throws {
        let sink = fixture.sink { $0.compactAfter = 10 }
        _ = try await sink.open()
        let maker = BatchMaker()
        func batch(_ name: String) -> EventBatch {
            maker.begin()
            for id in 1...10 {
                maker.add(.update, orders, "{\"id\":\(id),\"name\":\"\(name)\"}", key: "{\"id\":\(id)}")
            }
            return maker.seal()
        }
        #expect(await sink.write([BatchSlice(batch("a"))]).isDelivered)
        try server.sql(
            """
            ALTER TABLE buz_cdc."public.orders.1" OWNER TO postgres;
            GRANT SELECT, INSERT ON buz_cdc."public.orders.1" TO buz
            """)
        #expect(await sink.write([BatchSlice(batch("b"))]).isDelivered)
        let next = batch("c")
        let told = try #require(await sink.write([BatchSlice(next)]).failure)
        #expect(told.message.contains("public.orders") && told.message.contains("42501"), "\(told)")
        try server.sql("GRANT DELETE ON buz_cdc.\"public.orders.1\" TO buz")
        #expect(await sink.write([BatchSlice(next)]).isDelivered)
        let question = "SELECT (SELECT count(*) FROM buz_cdc.\"public.orders.1\"), count(*), min(name) FROM orders"
        #expect(try server.sql(question) == "10|10|c")
        await sink.close()
    }
}
