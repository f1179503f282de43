import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

@Suite(.enabled(if: DuckDBLibraryFile.isInstalled), .timeLimit(.minutes(5))) struct DuckDBSinkTests {
    let orders = ordersStream()

    @Test("Both modes pass the shared suite", arguments: [DuckDBSinkSettings.Mode.events, .mirror])
    func conformance(mode: DuckDBSinkSettings.Mode) async throws {
        let fixture = try DuckDBFixture()
        let inTable = """
            SELECT (envelope->>'$.payload.id') || ' ' || (envelope->>'$.payload.note') FROM events ORDER BY rowid
            """
        let inMirror = "SELECT id || ' ' || note FROM items ORDER BY id"
        func event(_ payload: String) -> RecordedEvent {
            var batches = TestBatch()
            var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
            event.payload = payload
            return event
        }
        func short(_ event: RecordedEvent) throws -> String {
            let document = try JSONDocument(event.payload)
            defer { withExtendedLifetime(document) {} }
            let view = document.view
            let id = try #require(view.member(0, named: "id").flatMap { view.integer($0) })
            return "\(id) \(view.member(0, named: "note").flatMap { view.string($0) } ?? "")"
        }
        var suite = SinkConformance(
            make: { fixture.sink(mode) },
            read: { (try? fixture.rows(mode == .events ? inTable : inMirror))?.map(event) ?? [] },
            keeps: { events in
                guard mode == .mirror else { return events.compactMap { try? event(short($0)) } }
                var last: [Int: RecordedEvent] = [:]
                for one in events {
                    guard let text = try? short(one), let id = Int(text.prefix { $0 != " " }) else { continue }
                    last[id] = event(text)
                }
                return last.sorted { $0.key < $1.key }.map(\.value)
            })
        guard mode == .mirror else { return try await suite.all() }
        // The marks of a snapshot empty a mirror.
        try await suite.keepsOrder()
        try await suite.takesLargeEvents()
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
    }

    @Test func rowsFollowTheirSource() async throws {
        let fixture = try DuckDBFixture()
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
        maker.add(.update, orders, #"{"id":1,"name":"one"}"#, key: #"{"id":1}"#, unchanged: #""note""#)
        maker.add(.delete, orders, #"{"id":3}"#, key: #"{"id":3}"#, before: #"{"id":3}"#, flags: .beforeIsKeyOnly)
        maker.add(
            .update, orders, #"{"id":40,"name":"moved"}"#, key: #"{"id":40}"#, before: #"{"id":4}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(
            .update, orders, #"{"id":50,"name":"whole","note":"w"}"#, key: #"{"id":50}"#, before: #"{"id":5}"#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(.update, orders, #"{"id":9,"name":"partial"}"#, key: #"{"id":9}"#, unchanged: #""note""#)
        try await lane.deliver(maker.seal())
        try await lane.sink.flush()
        #expect(
            try fixture.rows("SELECT id || ',' || name || ',' || coalesce(note, '∅') FROM orders ORDER BY id") == [
                "1,one,big1", "2,two,∅", "9,partial,∅", "40,moved,big4", "50,whole,w",
            ])
        maker.begin()
        maker.add(.truncate, orders)
        maker.add(.create, orders, #"{"id":7,"name":"\u00e9\u0000\"","note":"x"}"#, key: #"{"id":7}"#)
        try await lane.deliver(maker.seal())
        try await lane.sink.flush()
        #expect(try fixture.rows("SELECT hex(name) FROM orders") == ["C3A90022"])
        await lane.sink.close()
    }

    @Test(
        "A mirror equals a model through random changes, writes cut anywhere, and restarts",
        arguments: [1, UInt64.random(in: .min ... .max)])
    func randomWalk(seed: UInt64) async throws {
        let fixture = try DuckDBFixture()
        let log = testStream("log", [.init(name: "n", sqlType: "integer", kind: .integer(bits: 32))])
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        var walk = MirrorWalk(generator: SplitMix(state: seed))
        var latest: [EventBatch] = []
        for _ in 0..<40 {
            for _ in 0..<(1 + walk.generator.below(60)) { walk.step(maker, orders: orders, log: log) }
            let batch = maker.seal()
            latest = latest.suffix(4) + [batch]
            let middle = walk.generator.below(batch.records.count + 1)
            let parts = [0..<middle, middle..<batch.records.count].filter { !$0.isEmpty }
            for part in parts { try await lane.deliver([BatchSlice(batch, range: part)]) }
            if walk.generator.below(3) == 0 { try await lane.sink.flush() }
            if walk.generator.below(10) == 0 { try await lane.restart(with: fixture.sink(), resending: latest) }
        }
        await lane.sink.close()
        let expected = walk.model.sorted { $0.key < $1.key }.map { "\($0.key)|\($0.value.name)|\($0.value.note)" }
        #expect(
            try fixture.rows("SELECT concat_ws('|', id, name, note) FROM orders ORDER BY id") == expected,
            "seed \(seed)")
        #expect(
            try fixture.rows("SELECT concat_ws('|', count(*), count(DISTINCT n), max(n)) FROM log")
                == ["\(walk.appended)|\(walk.appended)|\(walk.appended)"], "seed \(seed)")
    }

    @Test("A table follows added columns and changed types, lies in its schema, and without a key is a list of changes")
    func shapes() async throws {
        func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
            StreamDescriptor(
                database: "shop", schemaName: table == "Order" ? "sales" : "public", table: table,
                columns: columns.map { .init(name: $0.0, sqlType: "", kind: $0.1) }, keyColumns: key,
                schema: orders.schema, validator: nil)
        }
        let fixture = try DuckDBFixture()
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let narrow = stream([id, ("n", .integer(bits: 32))], key: [0], table: "Order")
        maker.add(.create, narrow, #"{"id":1,"n":7}"#, key: #"{"id":1}"#)
        let wide = stream([id, ("n", .string(maxLength: nil)), ("select", .json)], key: [0], table: "Order")
        maker.add(.create, wide, #"{"id":2,"n":"007","select":{"a":[1]}}"#, key: #"{"id":2}"#)
        maker.add(.update, narrow, #"{"id":1,"n":8}"#, key: #"{"id":1}"#)
        let keyless = stream([("_buz_op", .string(maxLength: nil))], key: [], table: "log")
        maker.add(.create, keyless, #"{"_buz_op":"mine"}"#)
        maker.add(.truncate, keyless)
        let wider = stream([("id", .integer(bits: 64)), ("n", .string(maxLength: nil))], key: [0], table: "Order")
        maker.add(.update, wider, #"{"id":1,"n":"9"}"#, key: #"{"id":1}"#)
        let rekeyed = stream(
            [("id", .integer(bits: 64)), ("n", .string(maxLength: nil))], key: [1], table: "Order")
        maker.add(.update, rekeyed, #"{"id":3,"n":"007"}"#, key: #"{"n":"007"}"#)
        try await lane.deliver(maker.seal())
        await lane.sink.close()
        #expect(
            try fixture.rows(
                #"SELECT id || typeof(id) || typeof(n) || n || coalesce("select", '∅') FROM sales."Order" ORDER BY id"#)
                == ["1BIGINTVARCHAR9∅", "3BIGINTVARCHAR007∅"])
        #expect(
            try fixture.rows("SELECT coalesce(_buz_op, '∅') || _buz_op_ || _buz_ordinal FROM log ORDER BY _buz_ordinal")
                == ["minec3", "∅t4"])
    }

    @Test("Names that are one to DuckDB are refused, and other tables go on")
    func names() async throws {
        let fixture = try DuckDBFixture()
        let sink = fixture.sink()
        _ = try await sink.open()
        let clash = StreamDescriptor(
            database: "shop", schemaName: "public", table: "clash",
            columns: [.init(name: "a", sqlType: "", kind: .text), .init(name: "A", sqlType: "", kind: .text)],
            keyColumns: [0], schema: orders.schema, validator: nil)
        let maker = BatchMaker()
        maker.add(.create, clash, #"{"a":"1","A":"2"}"#, key: #"{"a":"1"}"#)
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        let own = ordersStream("buz_cdc_stage")
        maker.add(.create, own, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        guard case .rejected(let rejections) = await sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("not rejected")
            return
        }
        #expect(
            rejections.count == 1 && rejections[0].record == 0
                && rejections[0].failure.message.contains("one to DuckDB"))
        await sink.close()
        #expect(try fixture.rows("SELECT CAST(id AS VARCHAR) FROM orders") == ["1"])
        #expect(try fixture.rows(#"SELECT CAST(id AS VARCHAR) FROM "public.buz_cdc_stage""#) == ["1"])
    }

    @Test(
        "Values keep their digits and bytes",
        arguments: [
            (StreamDescriptor.Kind.integer(bits: 64), "-9223372036854775808", "BIGINT", "-9223372036854775808"),
            (.boolean, "true", "BOOLEAN", "true"), (.float(bits: 64), "1e-7", "DOUBLE", "1e-07"),
            (.float(bits: 64), #""NaN""#, "DOUBLE", "nan"), (.float(bits: 32), #""-Infinity""#, "FLOAT", "-inf"),
            (
                .numeric(precision: nil, scale: nil), "123456789012345678901234567890.10", "VARCHAR",
                "123456789012345678901234567890.10"
            ),
            (.numeric(precision: 38, scale: 2), "-12.50", "DECIMAL(38,2)", "-12.50"),
            (.bytes, #""\\x00ff10""#, "BLOB", #"\x00\xFF\x10"#), (.json, #"{"a": 1}"#, "VARCHAR", #"{"a": 1}"#),
            (.bytes, #""\\x""#, "BLOB", ""), (.array(of: .integer(bits: 32)), "[1,null]", "VARCHAR", "[1,null]"),
            (.text, #""a\tb""#, "VARCHAR", "a\tb"), (.date, #""0044-03-15 BC""#, "DATE", "0044-03-15 (BC)"),
            (.date, #""infinity""#, "DATE", "infinity"), (.time(withZone: false), #""24:00:00""#, "TIME", "24:00:00"),
            (
                .timestamp(withZone: false), #""4713-01-01 00:00:01 BC""#, "TIMESTAMP", "4713-01-01 (BC) 00:00:01"
            ),
            (
                .uuid, #""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#, "UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
            ),
        ] as [(StreamDescriptor.Kind, String, String, String)])
    func values(kind: StreamDescriptor.Kind, json: String, type: String, expected: String) async throws {
        let fixture = try DuckDBFixture()
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let stream = StreamDescriptor(
            database: "shop", schemaName: "public", table: "v",
            columns: [
                .init(name: "id", sqlType: "", kind: .integer(bits: 32)), .init(name: "v", sqlType: "", kind: kind),
            ],
            keyColumns: [0], schema: orders.schema, validator: nil)
        let maker = BatchMaker()
        maker.add(.create, stream, #"{"id":1,"v":\#(json)}"#, key: #"{"id":1}"#)
        try await lane.deliver(maker.seal())
        await lane.sink.close()
        #expect(try fixture.rows("SELECT typeof(v) || ' ' || CAST(v AS VARCHAR) FROM v") == ["\(type) \(expected)"])
    }

    @Test("The row of an announcement names the commit and the event that it comes before")
    func announcements() async throws {
        let fixture = try DuckDBFixture()
        let sink = fixture.sink(.events)
        _ = try await sink.open()
        let maker = BatchMaker()
        for number in 0..<2 {
            maker.add(
                .schemaChange, orders, #"{"change":"addition"}"#, uuid: UInt64(100 + number), announces: true)
            maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        }
        #expect(await sink.write([BatchSlice(maker.seal())]).isDelivered)
        await sink.close()
        let lines = try fixture.rows("SELECT commit_lsn || ' ' || ordinal FROM events ORDER BY ordinal")
        #expect(lines == ["0/1000 0", "0/1000 0", "0/1000 1", "0/1000 1"])
    }
}
