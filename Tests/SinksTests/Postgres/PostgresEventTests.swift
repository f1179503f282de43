import CoreIngest
import TestServers
import Testing

@testable import Sinks

@Suite struct PostgresEventTests {
    private let orders = ordersStream()

    private func add(_ count: Int, to maker: BatchMaker) {
        for id in 0..<count {
            maker.add(.create, orders, "{\"id\":\(id),\"name\":\"a\\tb\\\\\",\"note\":null}", key: "{\"id\":\(id)}")
        }
    }

    @Test func everyEventBecomesARowWithItsEnvelope() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database, mode: .events) { $0.deadletterOutput = "invalid" })
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.snapshotBegin, orders)
        add(3, to: maker)
        maker.add(.create, orders, #"{"id":9,"name":null,"note":null}"#, key: #"{"id":9}"#, flags: .invalid)
        maker.add(.delete, orders, #"{"id":1}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql(
                """
                SELECT op, table_name, commit_lsn, ordinal, is_valid, schema, envelope->'payload'->>'id' FROM events ORDER BY ordinal
                """)
                    == """
                    c|public.orders|0/1000|1|t|iglu:com.acme/orders/jsonschema/1-0-0|0
                    c|public.orders|0/1000|2|t|iglu:com.acme/orders/jsonschema/1-0-0|1
                    c|public.orders|0/1000|3|t|iglu:com.acme/orders/jsonschema/1-0-0|2
                    d|public.orders|0/1000|5|t|iglu:com.acme/orders/jsonschema/1-0-0|1
                    """)
        #expect(try database.sql("SELECT envelope->'payload'->>'name' FROM events WHERE ordinal = 1") == "a\tb\\")
        #expect(try database.sql("SELECT is_valid, ordinal FROM invalid") == "f|4")
        #expect(try database.sql("SELECT received_at = '2023-11-14 22:13:20+00' FROM invalid") == "t")
        await lane.sink.close()
    }

    @Test func aReplayedEventIsNotStoredTwice() async throws {
        let database = try SharedPostgres.database()
        let sink = testSink(database, mode: .events)
        _ = try await sink.open()
        let maker = BatchMaker()
        add(10, to: maker)
        let batch = maker.seal()
        for range in [0..<6, 4..<10, 0..<10] {
            guard case .delivered = await sink.write([BatchSlice(batch, range: range)]) else {
                Issue.record("not delivered")
                return
            }
        }
        #expect(try database.sql("SELECT count(*) FROM events") == "10")
        #expect(try database.sql("SELECT ordinal FROM buz_cdc.positions") == "9")
        await sink.close()
    }

    @Test("Positions belong to a generation, also in a table of a version that did not know any")
    func positionsOfGenerations() async throws {
        let database = try SharedPostgres.database()
        try database.sql(
            """
            CREATE SCHEMA buz_cdc;
            CREATE TABLE buz_cdc.positions (
              sink text NOT NULL, source text NOT NULL, system_identifier numeric(20) NOT NULL,
              "commit" numeric(20) NOT NULL, ordinal numeric(20) NOT NULL, rejected text[] NOT NULL DEFAULT '{}',
              updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (sink, source, system_identifier));
            INSERT INTO buz_cdc.positions VALUES ('replica', 'shop', 7, 900, 3);
            """)
        let old = SourceIdentity(name: "shop", systemIdentifier: 7)
        let restored = SourceIdentity(name: "shop", systemIdentifier: 7, generation: .max)
        let sink = testSink(database, mode: .events)
        #expect(try await sink.open() == [old: Position(commit: 900, ordinal: 3)])
        let maker = BatchMaker(restored)
        add(2, to: maker)
        let batch = maker.seal()
        guard case .delivered = await sink.write([BatchSlice(batch)]) else {
            Issue.record("not delivered")
            return
        }
        let expected = [old: Position(commit: 900, ordinal: 3), restored: try #require(batch.records.last?.position)]
        #expect(try await sink.open() == expected)
        #expect(try database.sql("SELECT count(*) FROM events") == "2")
        await sink.close()
    }

    @Test func deadLettersAreWrittenBesideTheRunningSinkAndLeaveItsPositionsAlone() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database, mode: .events))
        try await lane.open()
        let maker = BatchMaker()
        add(10, to: maker)
        let batch = maker.seal()
        try await lane.deliver([BatchSlice(batch, range: 5..<10)])
        let replay = testSink(database, mode: .events) { $0.isReplay = true }
        #expect(try await replay.open().isEmpty)
        guard case .delivered = await replay.write([BatchSlice(batch, range: 2..<6)]) else {
            Issue.record("not delivered")
            return
        }
        #expect(
            try database.sql("SELECT string_agg(ordinal::text, ',' ORDER BY ordinal) FROM events") == "2,3,4,5,6,7,8,9")
        #expect(try database.sql("SELECT ordinal FROM buz_cdc.positions") == "9")
        await replay.close()
        await lane.sink.close()
    }

    @Test func aTableThatWasMadeBeforehandIsUsedAndItsRefusalsFound() async throws {
        let database = try SharedPostgres.database()
        try database.sql(
            """
            CREATE TABLE events (uuid uuid, received_at timestamptz, schema text, is_valid bool, op text, table_name text,
              commit_lsn pg_lsn, ordinal bigint, envelope jsonb)
            """)
        let lane = LaneStandIn(testSink(database, mode: .events) { $0.format = .row })
        try await lane.open()
        let stream = testStream("doc", [.init(name: "doc", sqlType: "json", kind: .json)])
        let maker = BatchMaker()
        maker.add(.create, stream, #"{"doc":1}"#)
        let refused = maker.add(.create, stream, #"{"doc":"\u0000"}"#)
        maker.add(.create, stream, #"{"doc":3}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.map(\.position) == [refused])
        #expect(try database.sql("SELECT envelope FROM events ORDER BY ordinal") == "{\"doc\": 1}\n{\"doc\": 3}")
        await lane.sink.close()
    }

    @Test func eventsWithoutATableGoToTheOutputOfAMirrorToo() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        try await lane.open()
        let maker = BatchMaker()
        let page = StreamDescriptor(
            database: "", schemaName: "", table: "", columns: [], keyColumns: [], schema: orders.schema, validator: nil,
            protocol: "snowplow")
        maker.add(.none, page, #"{"page":"/"}"#)
        try await lane.deliver(maker.seal())
        #expect(
            try database.sql("SELECT op IS NULL, table_name IS NULL, commit_lsn IS NULL FROM events") == "t|t|t")
        await lane.sink.close()
    }

    @Test func whatIsInvalidIsWrittenAsItIsWhereThereIsNoTableForIt() async throws {
        let database = try SharedPostgres.database()
        let lane = LaneStandIn(testSink(database))
        #expect(!lane.sink.takesInvalidEvents)
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1}"#, key: #"{"id":1}"#, flags: .invalid)
        maker.add(.create, orders, #"{"id":2,"name":"n","note":null}"#, key: #"{"id":2}"#)
        try await lane.deliver(maker.seal())
        #expect(lane.rejections.isEmpty)
        #expect(try database.sql("SELECT id FROM orders ORDER BY id") == "1\n2")
        await lane.sink.close()
    }
}
