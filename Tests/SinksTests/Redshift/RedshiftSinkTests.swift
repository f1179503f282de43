import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// Against an emulator of Redshift: Tests/Servers/redshift.py.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct RedshiftSinkTests {
    private let fixture: RedshiftFixture
    private var server: RedshiftServer { fixture.server }
    private var orders: StreamDescriptor { fixture.orders }

    init() throws { fixture = try RedshiftFixture() }

    @Test("Both modes pass the shared suite", arguments: [RedshiftSinkSettings.Mode.events, .mirror])
    func conformance(mode: RedshiftSinkSettings.Mode) async throws { try await fixture.conformance(mode) }

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
            .update, orders, #"{"id":50,"name":"whole","note":"w"}"#, key: #"{"id":50}"#, before: #"{"id":5}"#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(.update, orders, #"{"id":1,"name":"one"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.update, orders, #"{"id":9,"name":"partial"}"#, key: #"{"id":9}"#, unchanged: #""note""#)
        let batch = maker.seal()
        let question = "SELECT id, name, coalesce(note, '∅') FROM orders ORDER BY id"
        let expected = "1|one|big1\n2|two|∅\n9|partial|∅\n40|moved|big4\n50|whole|w"
        try await lane.deliver(batch)
        #expect(try server.sql(question) == expected)
        // As after a crash before the acknowledgement.
        let again = LaneStandIn(fixture.sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(try server.sql(question) == expected)
        maker.begin()
        maker.add(.truncate, orders)
        maker.add(
            .create, orders, #"{"id":7,"name":"\u00e9\"'\\\n😀","note":"x"}"#, key: #"{"id":7}"#)
        try await again.deliver(maker.seal())
        #expect(try server.sql("SELECT name FROM orders") == "é\"'\\\n😀")
        await again.sink.close()
        await lane.sink.close()
    }

    @Test("Keys of several columns and types find their rows, and a text is not its copy with blanks behind")
    func keys() async throws {
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let table = fixture.stream(
            [
                ("a", .string(maxLength: nil)), ("b", .bytes), ("c", .timestamp(withZone: true)),
                ("d", .numeric(precision: 10, scale: 2)), ("v", .integer(bits: 32)),
            ], key: [0, 1, 2, 3], table: "keys")
        func key(_ text: String, _ day: Int) -> String {
            #""a":"\#(text)","b":"\\x00ff","c":"2026-01-0\#(day)T00:00:00.000001Z","d":1.50"#
        }
        for (number, text) in ["a", "A", "a ", "ä", "'", "a\\\\"].enumerated() {
            for day in 1...2 {
                maker.add(.create, table, "{\(key(text, day)),\"v\":\(number)}", key: "{\(key(text, day))}")
            }
        }
        try await lane.deliver(maker.seal())
        #expect(try server.sql("SELECT COUNT(*) FROM keys") == "12")
        maker.begin()
        for text in ["a", "'", "a\\\\"] {
            maker.add(.delete, table, "{\(key(text, 1))}", key: "{\(key(text, 1))}", flags: .beforeIsKeyOnly)
        }
        maker.add(.update, table, "{\(key("ä", 2)),\"v\":99}", key: "{\(key("ä", 2))}")
        try await lane.deliver(maker.seal())
        #expect(try server.sql("SELECT COUNT(*), SUM((a = 'a')::int), MAX(v) FROM keys") == "9|1|99")
        // What the emulator does not do: blanks at the end are nothing in a comparison.
        #expect(
            server.statements.filter { $0.hasPrefix("DELETE FROM \"public\".\"keys\"") }.allSatisfy {
                $0.contains("OCTET_LENGTH(\"keys\".\"a\") = OCTET_LENGTH(buz_stage_")
            })
        await lane.sink.close()
    }

    @Test("Tables follow added columns and widened types, and those without a key are lists of changes, each once")
    func shapes() async throws {
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let narrow = fixture.stream(
            [id, ("n", .integer(bits: 32)), ("t", .string(maxLength: 5))], key: [0], table: "Or\"d\\er")
        maker.add(.create, narrow, #"{"id":1,"n":7,"t":"abc"}"#, key: #"{"id":1}"#)
        let wide = fixture.stream(
            [id, ("n", .integer(bits: 64)), ("t", .string(maxLength: 500)), ("select", .json)], key: [0],
            table: "Or\"d\\er")
        maker.add(
            .create, wide, #"{"id":2,"n":20000000000,"t":"\#(String(repeating: "x", count: 30))","select":{"a":[1]}}"#,
            key: #"{"id":2}"#)
        let keyless = fixture.stream([("_buz_op", .string(maxLength: nil))], key: [], table: "log")
        maker.add(.create, keyless, #"{"_buz_op":"mine"}"#)
        maker.add(.truncate, keyless)
        let batch = maker.seal()
        try await lane.deliver(batch)
        #expect(
            try server.sql("SELECT id, n, length(t), coalesce(\"select\", '∅') FROM \"or_d\\er\" ORDER BY id")
                == "1|7|3|∅\n2|20000000000|30|{\"a\":[1]}")
        let again = LaneStandIn(fixture.sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(
            try server.sql("SELECT coalesce(_buz_op, '∅'), _buz_op_ FROM log ORDER BY _buz_ordinal") == "mine|c\n∅|t")
        maker.begin()
        maker.add(
            .create, fixture.stream([id, ("n", .boolean)], key: [0], table: "flags"), #"{"id":1,"n":true}"#,
            key: #"{"id":1}"#)
        try await again.deliver(maker.seal())
        for (other, words) in [
            (fixture.stream([id, ("n", .text)], key: [0], table: "flags"), "drop the table"),
            (
                fixture.stream([("id", .integer(bits: 64)), ("n", .boolean)], key: [0], table: "flags"),
                "key column id"
            ),
        ] {
            maker.begin()
            maker.add(.create, other, #"{"id":1,"n":null}"#, key: #"{"id":1}"#)
            let failed = try #require(await again.sink.write([BatchSlice(maker.seal())]).failure)
            #expect(failed.code == .misconfigured && failed.message.contains(words), "\(failed)")
        }
        await again.sink.close()
        await lane.sink.close()
    }

    @Test("A second writer is found out, and neither loses or repeats anything")
    func twoWriters() async throws {
        let first = fixture.sink(.events)
        let second = fixture.sink(.events)
        _ = try await first.open()
        _ = try await second.open()
        let maker = BatchMaker()
        for id in 1...3 { maker.add(.create, orders, "{\"id\":\(id),\"name\":\"n\"}", key: "{\"id\":\(id)}") }
        let batch = maker.seal()
        #expect(await first.write([BatchSlice(batch)]).isDelivered)
        // It thinks that nothing is stored, looks again, and leaves out what is there.
        #expect(await second.write([BatchSlice(batch)]).isDelivered)
        #expect(try server.sql("SELECT COUNT(*) FROM events") == "3")
        maker.begin()
        maker.add(.create, orders, "{\"id\":4,\"name\":\"n\"}", key: "{\"id\":4}")
        #expect(await second.write([BatchSlice(maker.seal())]).isDelivered)
        maker.begin()
        maker.add(.create, orders, "{\"id\":5,\"name\":\"n\"}", key: "{\"id\":5}")
        #expect(await first.write([BatchSlice(maker.seal())]).isDelivered)
        #expect(try server.sql("SELECT COUNT(*), COUNT(DISTINCT uuid) FROM events") == "5|5")
        await first.close()
        await second.close()
    }

    @Test("A dead letter that is written again is stored once, in both modes, beside a running instance")
    func replay() async throws {
        let maker = BatchMaker()
        let log = fixture.stream([("n", .integer(bits: 32))], key: [], table: "log")
        maker.add(.create, log, #"{"n":1}"#)
        let batch = maker.seal()
        for mode in [RedshiftSinkSettings.Mode.events, .mirror] {
            var settings = fixture.settings(mode)
            settings.isReplay = true
            for _ in 0..<2 {
                let sink = RedshiftSink(settings, renderer: SampleEvents.renderer)
                #expect(try await sink.open().isEmpty)
                #expect(await sink.write([BatchSlice(batch)]).isDelivered)
                await sink.close()
            }
        }
        #expect(try server.sql("SELECT (SELECT COUNT(*) FROM events), (SELECT COUNT(*) FROM log)") == "1|1")
    }
}
