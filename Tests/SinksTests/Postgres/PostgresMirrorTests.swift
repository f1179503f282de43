import CoreIngest
import TestServers
import Testing

@testable import Sinks

@Suite struct PostgresMirrorTests {
    private let orders = ordersStream()

    @Test func rowsFollowInsertsUpdatesAndDeletes() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.snapshotBegin, orders)
        for id in 1...5 {
            maker.add(.read, orders, #"{"id":\#(id),"name":"n\#(id)","note":null}"#, key: #"{"id":\#(id)}"#)
        }
        maker.add(.snapshotEnd, orders)
        maker.begin()
        maker.add(.update, orders, #"{"id":2,"name":"two","note":"x"}"#, key: #"{"id":2}"#)
        maker.add(.delete, orders, #"{"id":3}"#, key: #"{"id":3}"#, before: #"{"id":3}"#, flags: .beforeIsKeyOnly)
        maker.add(.create, orders, #"{"id":6,"name":"six\ttab\\\n","note":"\\N"}"#, key: #"{"id":6}"#)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql("SELECT id, name, note FROM orders ORDER BY id")
                == "1|n1|\n2|two|x\n4|n4|\n5|n5|\n6|six\ttab\\\n|\\N")
        maker.begin()
        maker.add(.delete, orders, #"{"id":6}"#, key: #"{"id":6}"#)
        maker.add(.create, orders, #"{"id":6,"name":"again","note":null}"#, key: #"{"id":6}"#)
        maker.add(.create, orders, #"{"id":7,"name":"gone","note":null}"#, key: #"{"id":7}"#)
        maker.add(.delete, orders, #"{"id":7}"#, key: #"{"id":7}"#)
        try await lane.deliver(maker.seal())
        #expect(try database.sql("SELECT id, name FROM orders WHERE id > 4 ORDER BY id") == "5|n5\n6|again")
        #expect(
            try database.sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'orders'").contains("UNIQUE INDEX"))
        #expect(
            try database.sql(
                "SELECT sink, source, system_identifier, \"commit\", ordinal FROM buz_cdc.positions")
                == "replica|shop|7000000000000000001|\(maker.commit)|3")
        await lane.sink.close()
    }

    @Test func aChangedKeyMovesTheRow() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        for id in 1...4 {
            maker.add(.create, orders, #"{"id":\#(id),"name":"n\#(id)","note":"big\#(id)"}"#, key: #"{"id":\#(id)}"#)
        }
        try await lane.deliver(maker.seal())
        maker.begin()
        // 1 and 2 change places over 9, as whole rows; 3 moves with its TOASTed column left out.
        for (old, new, name) in [(1, 9, "n1"), (2, 1, "n2"), (9, 2, "n1")] {
            maker.add(
                .update, orders, #"{"id":\#(new),"name":"\#(name)","note":"w"}"#, key: #"{"id":\#(new)}"#,
                before: #"{"id":\#(old)}"#, flags: [.keyChanged, .beforeIsKeyOnly])
        }
        maker.add(
            .update, orders, #"{"id":30,"name":"moved"}"#, key: #"{"id":30}"#, before: #"{"id":3}"#,
            unchanged: #""note""#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(
            .update, orders, #"{"id":40,"name":"n4"}"#, key: #"{"id":40}"#,
            before: #"{"id":4,"name":"n4","note":"big4"}"#,
            unchanged: #""note""#, flags: .keyChanged)
        maker.add(.update, orders, #"{"id":40,"name":"again"}"#, key: #"{"id":40}"#, unchanged: #""note""#)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql("SELECT id, name, note FROM orders ORDER BY id")
                == "1|n2|w\n2|n1|w\n30|moved|big3\n40|again|big4")
        await lane.sink.close()
    }

    @Test func unchangedColumnsKeepTheirValues() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"a","note":"big"}"#, key: #"{"id":1}"#)
        // Merged onto the insert of the same write.
        maker.add(.update, orders, #"{"id":1,"name":"b"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.create, orders, #"{"id":2,"name":"a","note":"old"}"#, key: #"{"id":2}"#)
        try await lane.deliver(maker.seal())
        maker.begin()
        maker.add(.update, orders, #"{"id":1,"note":"new"}"#, key: #"{"id":1}"#, unchanged: #""name""#)
        maker.add(.update, orders, #"{"id":2,"name":"c"}"#, key: #"{"id":2}"#, unchanged: #""note""#)
        maker.add(.update, orders, #"{"id":2,"name":"d"}"#, key: #"{"id":2}"#, unchanged: #""note""#)
        // No such row: what is known of it is better than nothing.
        maker.add(.update, orders, #"{"id":8,"name":"lost"}"#, key: #"{"id":8}"#, unchanged: #""note""#)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql("SELECT id, name, note FROM orders ORDER BY id") == "1|b|new\n2|d|old\n8|lost|")
        #expect(lane.sink.incompleteRows == 1)
        await lane.sink.close()
    }

    @Test func aTruncationEmptiesTheTableInItsPlace() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        let other = ordersStream("others")
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        maker.add(.create, other, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        maker.begin()
        maker.add(.create, orders, #"{"id":2,"name":"b","note":null}"#, key: #"{"id":2}"#)
        maker.add(.truncate, orders)
        maker.add(.create, orders, #"{"id":3,"name":"c","note":null}"#, key: #"{"id":3}"#)
        maker.add(.delete, orders, #"{"id":1}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(try database.sql("SELECT id FROM orders") == "3")
        #expect(try database.sql("SELECT id FROM others") == "1")
        await lane.sink.close()
    }

    @Test func tablesWithoutAKeyAreAppendedWithTheKindOfChange() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let log = testStream("log", [.init(name: "line", sqlType: "text", kind: .string(maxLength: nil))])
        let maker = BatchMaker()
        maker.add(.create, log, #"{"line":"one"}"#)
        maker.add(.update, log, #"{"line":"two"}"#, before: #"{"line":"one"}"#)
        maker.add(.delete, log, #"{"line":"two"}"#, before: #"{"line":"two"}"#)
        maker.add(.truncate, log)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql("SELECT line, _buz_op, _buz_commit_lsn, _buz_ordinal FROM log ORDER BY _buz_ordinal")
                == "one|c|0/1000|0\ntwo|u|0/1000|1\ntwo|d|0/1000|2\n|t|0/1000|3")
        await lane.sink.close()
    }

    @Test func newAndWiderColumnsAreFollowedWithinABatch() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        func stream(_ more: [StreamDescriptor.Column], id: String = "integer") -> StreamDescriptor {
            testStream(
                "t", [.init(name: "id", sqlType: id, kind: .integer(bits: 32), isKey: true)] + more)
        }
        let price = StreamDescriptor.Column(
            name: "price", sqlType: "numeric(6,2)", kind: .numeric(precision: 6, scale: 2), typeOID: 1700,
            typeModifier: 6 << 16 | 2 + 4)
        var wider = price
        wider.sqlType = "numeric(12,4)"
        wider.typeModifier = 12 << 16 | 4 + 4
        let first = stream([price])
        let second = stream(
            [wider, .init(name: "order", sqlType: "varchar", kind: .string(maxLength: nil))], id: "bigint")
        let third = stream([.init(name: "order", sqlType: "varchar", kind: .string(maxLength: nil))], id: "bigint")
        let maker = BatchMaker()
        maker.add(.create, first, #"{"id":1,"price":9999.99}"#, key: #"{"id":1}"#)
        maker.add(.create, second, #"{"id":5000000000,"price":99999.1234,"order":"x"}"#, key: #"{"id":5000000000}"#)
        maker.add(.update, third, #"{"id":1,"order":"y"}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql(#"SELECT id, price, "order" FROM t ORDER BY id"#)
                == "1|9999.9900|y\n5000000000|99999.1234|x")
        #expect(lane.rejections.isEmpty)
        await lane.sink.close()
    }

    @Test func namesOfEveryKindAreKept() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database) { $0.schema = "Sélect \"x\".y" })
        try await lane.open()
        let long = String(repeating: "é", count: 31) + "x"
        for (index, name) in ["select", "Select", "a\"b", "🐘.🐘", "back\\slash", long, "tab\there"].enumerated() {
            let stream = testStream(
                name,
                [
                    .init(name: name, sqlType: "integer", kind: .integer(bits: 32), isKey: true),
                    .init(name: "user", sqlType: "text", kind: .string(maxLength: nil)),
                ])
            var member = ByteArena()
            member.appendJSONString(text: name)
            let json = String(decoding: member.bytes, as: UTF8.self)
            let maker = BatchMaker()
            for _ in 0...index { maker.begin() }
            maker.add(.create, stream, "{\(json):\(index),\"user\":\"u\"}", key: "{\(json):\(index)}")
            maker.add(.update, stream, "{\(json):\(index),\"user\":\"v\"}", key: "{\(json):\(index)}")
            try await lane.deliver(maker.seal())
            let table = PostgresTable(schema: "Sélect \"x\".y", name: name)
            #expect(try database.sql("SELECT \(postgresIdentifier(name)), \"user\" FROM \(table.sql)") == "\(index)|v")
        }
        await lane.sink.close()
    }

    @Test func manyTablesLeaveFewTemporaryOnes() async throws {
        let database = try SharedPostgres.database()
        // Over the Unix socket, which has no keepalives to set.
        let lane = LaneStandIn(testSink(database, url: database.server.socketString(database.name)))
        try await lane.open()
        let maker = BatchMaker()
        let streams = (0..<70).map { ordersStream("t\($0)") }
        for round in 0..<3 {
            maker.begin()
            for stream in streams {
                for id in 0..<6 {
                    maker.add(
                        .update, stream, #"{"id":\#(id),"name":"r\#(round)","note":null}"#, key: #"{"id":\#(id)}"#)
                }
            }
            try await lane.deliver(maker.seal())
        }
        let temporary = try database.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'buz_stage_%'")
        #expect(temporary == "70")
        // The next write comes upon too many.
        maker.begin()
        maker.add(.update, streams[0], #"{"id":0,"name":"last","note":null}"#, key: #"{"id":0}"#)
        try await lane.deliver(maker.seal())
        #expect(try database.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'buz_stage_%'") == "0")
        #expect(try database.sql("SELECT name, count(*) FROM t69 GROUP BY 1") == "r2|6")
        #expect(try database.sql("SELECT name FROM t0 WHERE id = 0") == "last")
        await lane.sink.close()
    }

    @Test func twoTablesAreNeverMixedInOneMirror() async throws {
        let database = try SharedPostgres.database()
        let sink = testSink(database) { $0.schema = "all" }
        _ = try await sink.open()
        let maker = BatchMaker()
        let columns = orders.columns
        maker.add(
            .create, testStream("t", schema: "a", columns), #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        maker.add(
            .create, testStream("t", schema: "b", columns), #"{"id":1,"name":"b","note":null}"#, key: #"{"id":1}"#)
        guard case .rejected(let rejections) = await sink.write([BatchSlice(maker.seal())]), rejections.count == 1
        else {
            Issue.record("the write went through, or not at all")
            return
        }
        #expect(rejections[0].record == 1)
        #expect(
            rejections[0].failure.message.contains(
                "b.t of input shop would be mirrored to all.t, which is the mirror of a.t of input shop"))
        #expect(try database.sql(#"SELECT name FROM "all".t"#) == "a")
        await sink.close()
    }
}
