import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// What the sink says to Redshift is read by a grammar that is not ours.
@Suite(.serialized, .enabled(if: SQLGrammar.isInstalled), .timeLimit(.minutes(3)))
struct RedshiftStatementTests {
    @Test("Every statement is one of Redshift's, by sqlfluff's grammar, which refuses what is not")
    func statements() async throws {
        let fixture = try RedshiftFixture()
        let orders = fixture.orders
        let lane = LaneStandIn(fixture.sink(invalid: "invalid_events"))
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.snapshotBegin, orders)
        for id in 1...5 {
            maker.add(.read, orders, #"{"id":\#(id),"name":"it's\n","note":"n"}"#, key: #"{"id":\#(id)}"#)
        }
        maker.add(.snapshotEnd, orders)
        maker.add(.delete, orders, #"{"id":3}"#, key: #"{"id":3}"#, before: #"{"id":3}"#, flags: .beforeIsKeyOnly)
        maker.add(
            .update, orders, #"{"id":40,"name":"moved"}"#, key: #"{"id":40}"#, before: #"{"id":4}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        try await lane.deliver(maker.seal())
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"name":"one"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        let kinds: [(String, StreamDescriptor.Kind)] = SourceTypes.all.enumerated().map {
            ("c \($0)", $1.column.kind)
        }
        maker.add(
            .create, fixture.stream([("id", .text), ("n", .integer(bits: 32))] + kinds, key: [0], table: "select"),
            #"{"id":"a","n":1}"#, key: #"{"id":"a"}"#)
        maker.add(
            .create, fixture.stream([("id", .text), ("n", .integer(bits: 64))] + kinds, key: [0], table: "select"),
            #"{"id":"b"}"#, key: #"{"id":"b"}"#)
        maker.add(.create, fixture.stream([("n", .bytes)], key: [], table: "log"), #"{"n":"\\x00"}"#)
        maker.add(.message, orders, #"{"prefix":"p"}"#)
        maker.add(.truncate, orders)
        try await lane.deliver(maker.seal())
        await lane.sink.close()
        var settings = fixture.settings(.events)
        settings.isReplay = true
        let replay = RedshiftSink(settings, renderer: SampleEvents.renderer)
        _ = try await replay.open()
        maker.begin()
        maker.add(.create, orders, #"{"id":1}"#, key: #"{"id":1}"#)
        #expect(await replay.write([BatchSlice(maker.seal())]).isDelivered)
        await replay.close()
        let reader = try RedshiftMirrorReader(fixture.settings())
        let table = ParityTable(
            schema: "public", name: "orders", columns: orders.columns, keyColumns: orders.keyColumns, estimatedRows: 1)
        _ = try reader.scope(of: table)
        try reader.read(table, .keys([ParityKey(["1"])])) { _ throws(ParityError) in }

        let statements = fixture.server.statements
        for one in [
            "LOCK", "UPDATE \"public\".\"orders\"", "DELETE FROM", "FROM_HEX", "ALTER TABLE", "LEFT JOIN", "FETCH",
        ] { #expect(statements.contains { $0.contains(one) }, "no \(one)") }
        #expect(try SQLGrammar.unreadable(statements, dialect: "redshift") == [])
        let strange = ["SELECT 1", "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"]
        #expect(try SQLGrammar.unreadable(strange, dialect: "redshift").count == 1)
    }
}
