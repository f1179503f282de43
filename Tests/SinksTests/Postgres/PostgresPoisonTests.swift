import CoreIngest
import TestServers
import Testing

@testable import Sinks

/// Events that the server refuses become rejections; all others are stored.
@Suite struct PostgresPoisonTests {
    private func numbers(_ table: String = "numbers") -> StreamDescriptor {
        testStream(
            table,
            [
                .init(name: "id", sqlType: "integer", kind: .integer(bits: 32), isKey: true),
                .init(name: "n", sqlType: "integer", kind: .integer(bits: 32)),
                .init(name: "big", sqlType: "text", kind: .text),
            ])
    }

    @Test(arguments: [[0], [7], [199], [3, 4, 5, 100, 198], Array(0..<200)])
    func onlyTheRefusedRowsAreRejected(poison: [Int]) async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        let stream = numbers()
        var expected: [Position] = []
        for id in 0..<200 {
            // Half of them are refused by the type's input, half by a constraint.
            let value = !poison.contains(id) ? "\(id)" : id % 2 == 0 ? #""s3cret""# : "-1"
            if id == 0 {
                try database.sql("CREATE TABLE numbers (id integer PRIMARY KEY, n integer CHECK (n >= 0), big text)")
            }
            let position = maker.add(
                .create, stream, "{\"id\":\(id),\"n\":\(value),\"big\":\"b\"}", key: "{\"id\":\(id)}")
            if poison.contains(id) { expected.append(position) }
        }
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.map(\.position) == expected)
        #expect(try database.sql("SELECT count(*) FROM numbers") == "\(200 - poison.count)")
        for (_, failure) in lane.rejections {
            #expect(!failure.message.contains("s3cret"), "\(failure)")
            #expect(failure.message.contains("column n") || failure.message.contains("numbers_n_check"), "\(failure)")
        }
        #expect(try database.sql("SELECT ordinal FROM buz_cdc.positions") == "199")
        await lane.sink.close()
    }

    @Test func amongTheChangesOfOneRowOnlyTheRefusedOnesAreRejected() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        let stream = numbers()
        let key = #"{"id":1}"#
        maker.add(.create, stream, #"{"id":1,"n":1,"big":"kept"}"#, key: key)
        let bad = maker.add(.update, stream, #"{"id":1,"n":99999999999,"big":"lost"}"#, key: key)
        maker.add(.update, stream, #"{"id":1,"n":3}"#, key: key, unchanged: #""big""#)
        let worse = maker.add(.update, stream, #"{"id":1,"n":"x"}"#, key: key, unchanged: #""big""#)
        maker.add(.create, stream, #"{"id":2,"n":2,"big":null}"#, key: #"{"id":2}"#)
        let nameless = maker.add(.create, stream, #"{"n":2,"big":null}"#)
        try await lane.deliver(maker.seal())
        #expect(Set(lane.rejections.map(\.position)) == [bad, worse, nameless])
        #expect(try database.sql("SELECT id, n, big FROM numbers ORDER BY id") == "1|3|kept\n2|2|")
        await lane.sink.close()
    }

    @Test func aRefusedMoveTakesItsOldRowAwayAndHarmsNoOther() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        let stream = numbers()
        maker.add(.create, stream, #"{"id":1,"n":1,"big":"b"}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        maker.begin()
        let move = maker.add(
            .update, stream, #"{"id":2,"n":"x","big":"b"}"#, key: #"{"id":2}"#, before: #"{"id":1}"#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(.create, stream, #"{"id":1,"n":5,"big":"c"}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.map(\.position) == [move])
        #expect(try database.sql("SELECT id, n FROM numbers ORDER BY id") == "1|5")
        await lane.sink.close()
    }

    @Test func aZeroInJSONIsTakenByJSONAndRefusedByJSONB() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        func stream(_ type: String) -> StreamDescriptor {
            testStream(
                "doc_\(type)",
                [
                    .init(name: "id", sqlType: "integer", kind: .integer(bits: 32), isKey: true),
                    .init(name: "doc", sqlType: type, kind: .json),
                ])
        }
        let maker = BatchMaker()
        let payload = #"{"id":1,"doc":{"a":"\u0000"}}"#
        maker.add(.create, stream("json"), payload, key: #"{"id":1}"#)
        let refused = maker.add(.create, stream("jsonb"), payload, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.map(\.position) == [refused])
        #expect(lane.rejections.first?.failure.code == .malformed)
        #expect(try database.sql("SELECT doc FROM doc_json") == #"{"a":"\u0000"}"#)
        await lane.sink.close()
    }

    @Test func aRowTooLargeForItsIndexIsRejectedAsTooLarge() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let stream = testStream("k", [.init(name: "k", sqlType: "text", kind: .text, isKey: true)])
        let maker = BatchMaker()
        // Incompressible, so that it stays longer than a third of a page.
        var generator = SystemRandomNumberGenerator()
        let long = (0..<2000).map { _ in String(generator.next(), radix: 36) }.joined()
        maker.add(.create, stream, #"{"k":"short"}"#, key: #"{"k":"short"}"#)
        maker.add(.create, stream, "{\"k\":\"\(long)\"}", key: "{\"k\":\"\(long)\"}")
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.map(\.failure.code) == [.tooLarge])
        #expect(try database.sql("SELECT k FROM k") == "short")
        await lane.sink.close()
    }

    @Test func aRefusalThatTheLaneMayHaveLostIsToldAgainAndNothingIsStoredTwice() async throws {
        let database = try SharedPostgres.database()
        try database.sql("CREATE TABLE log (n integer, _buz_op text, _buz_commit_lsn pg_lsn, _buz_ordinal numeric)")
        let stream = testStream("log", [.init(name: "n", sqlType: "integer", kind: .integer(bits: 32))])
        let maker = BatchMaker()
        var positions: [Position] = []
        for n in ["1", "2", #""bad""#, "4", #""bad""#, "6"] {
            positions.append(maker.add(.create, stream, "{\"n\":\(n)}"))
        }
        let batch = maker.seal()
        let first = LaneStandIn(testSink(database))
        try await first.open()
        try await first.deliver(batch)
        #expect(first.rejections.map(\.position) == [positions[2], positions[4]])
        await first.sink.close()
        // As after a crash before the dead letters were stored: everything is sent again.
        let second = LaneStandIn(testSink(database))
        try await second.open()
        try await second.deliver([BatchSlice(batch, range: 0..<4)])
        try await second.deliver([BatchSlice(batch, range: 4..<6)])
        #expect(second.rejections.map(\.position) == [positions[2], positions[4]])
        #expect(try database.sql("SELECT string_agg(n::text, ',' ORDER BY n) FROM log") == "1,2,4,6")
        maker.begin()
        maker.add(.create, stream, #"{"n":7}"#)
        try await second.deliver(maker.seal())
        await second.sink.close()
        let third = LaneStandIn(testSink(database))
        try await third.open()
        try await third.deliver(batch)
        #expect(third.rejections.isEmpty)
        #expect(try database.sql("SELECT count(*) FROM log") == "5")
        await third.sink.close()
    }
}
