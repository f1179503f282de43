import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// A database file in a folder of its own.
private final class Fixture {
    let folder: TemporaryFolder
    var path: String { "\(folder.path)/db.sqlite" }

    init() throws { folder = try TemporaryFolder("sqlite") }

    func sink(_ mode: SQLiteSinkSettings.Mode = .mirror, invalid: String? = nil) -> SQLiteSink {
        SQLiteSink(
            SQLiteSinkSettings(name: "laptop", path: path, mode: mode, deadletterOutput: invalid),
            renderer: SampleEvents.renderer)
    }

    /// Rows as the shell prints them: columns joined by `|`, NULL as `∅`.
    func rows(_ sql: String) throws -> [String] {
        let database = try SQLiteDatabase(path: path)
        var statement = try database.prepare(sql)
        var rows: [String] = []
        while try statement.step() { rows.append(statement.text(0)) }
        return rows
    }

    func run(_ sql: String) throws { try SQLiteDatabase(path: path).execute(sql) }
}

@Suite struct SQLiteSinkTests {
    private let orders = ordersStream()

    @Test("Both modes pass the shared suite", arguments: [SQLiteSinkSettings.Mode.events, .mirror])
    func conformance(mode: SQLiteSinkSettings.Mode) async throws {
        let fixture = try Fixture()
        let inTable = """
            SELECT json_extract(envelope, '$.payload.id') || ' ' || json_extract(envelope, '$.payload.note') FROM events ORDER BY rowid
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
        let fixture = try Fixture()
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        maker.add(.snapshotBegin, orders)
        for id in 1...5 {
            maker.add(.read, orders, #"{"id":\#(id),"name":"n\#(id)","note":"big\#(id)"}"#, key: #"{"id":\#(id)}"#)
        }
        maker.add(.snapshotEnd, orders)
        maker.begin()
        maker.add(.update, orders, #"{"id":2,"name":"two","note":null}"#, key: #"{"id":2}"#)
        maker.add(.delete, orders, #"{"id":3}"#, key: #"{"id":3}"#, before: #"{"id":3}"#, flags: .beforeIsKeyOnly)
        maker.add(
            .update, orders, #"{"id":40,"name":"moved"}"#, key: #"{"id":40}"#, before: #"{"id":4}"#,
            unchanged: #""note""#, flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(
            .update, orders, #"{"id":50,"name":"whole","note":"w"}"#, key: #"{"id":50}"#, before: #"{"id":5}"#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        maker.add(.update, orders, #"{"id":9,"name":"partial"}"#, key: #"{"id":9}"#, unchanged: #""note""#)
        try await lane.deliver(maker.seal())
        #expect(
            try fixture.rows("SELECT id || ',' || name || ',' || coalesce(note, '∅') FROM orders ORDER BY id") == [
                "1,n1,big1", "2,two,∅", "9,partial,∅", "40,moved,big4", "50,whole,w",
            ])
        maker.begin()
        maker.add(.truncate, orders)
        maker.add(.create, orders, #"{"id":7,"name":"\u00e9\u0000\"","note":"x"}"#, key: #"{"id":7}"#)
        try await lane.deliver(maker.seal())
        #expect(try fixture.rows("SELECT hex(name) FROM orders") == ["C3A90022"])
        await lane.sink.close()
    }

    @Test("What was stored is not stored again, and what was refused comes again")
    func positions() async throws {
        let fixture = try Fixture()
        let first = LaneStandIn(fixture.sink())
        try await first.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        try await first.deliver(maker.seal())
        try fixture.run(
            "CREATE TRIGGER no BEFORE INSERT ON orders WHEN new.id = 2 BEGIN SELECT raise(abort, 'not 2'); END")
        maker.begin()
        for id in 2...3 { maker.add(.create, orders, #"{"id":\#(id),"name":"b","note":null}"#, key: #"{"id":\#(id)}"#) }
        let batch = maker.seal()
        guard case .rejected(let rejections) = await first.sink.write([BatchSlice(batch)]) else {
            Issue.record("not rejected")
            return
        }
        #expect(rejections.count == 1 && rejections[0].record == 0 && rejections[0].failure.message.contains("not 2"))
        #expect(try fixture.rows("SELECT id FROM orders ORDER BY id") == ["1", "3"])
        await first.sink.close()
        // As after a crash before the dead letter was stored: the refused event comes again, its neighbour is not written twice.
        try fixture.run("DROP TRIGGER no; DELETE FROM orders WHERE id = 3")
        let second = fixture.sink()
        let floor = try await second.open()
        #expect(floor[batch.source].map { $0 < batch.records[0].position } == true)
        guard case .delivered = await second.write([BatchSlice(batch)]) else {
            Issue.record("not delivered")
            return
        }
        #expect(try fixture.rows("SELECT id FROM orders ORDER BY id") == ["1", "2"])
        await second.close()
    }

    @Test("A row whose new key is refused stays where it was")
    func refusedMove() async throws {
        let fixture = try Fixture()
        let sink = fixture.sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        maker.add(.create, orders, #"{"id":5,"name":"a","note":null}"#, key: #"{"id":5}"#)
        guard case .delivered = await sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("not delivered")
            return
        }
        try fixture.run(
            "CREATE TRIGGER no BEFORE INSERT ON orders WHEN new.id = 50 BEGIN SELECT raise(abort, 'not 50'); END")
        maker.begin()
        maker.add(
            .update, orders, #"{"id":50,"name":"b","note":null}"#, key: #"{"id":50}"#, before: #"{"id":5}"#,
            flags: [.keyChanged, .beforeIsKeyOnly])
        guard case .rejected(let rejections) = await sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("not rejected")
            return
        }
        #expect(rejections.count == 1)
        #expect(try fixture.rows("SELECT id || name FROM orders") == ["5a"])
        await sink.close()
    }

    @Test("A table follows added columns and changed types, and tables without a key are lists of changes")
    func shapes() async throws {
        func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
            StreamDescriptor(
                database: "shop", schemaName: "public", table: table,
                columns: columns.map { .init(name: $0.0, sqlType: "", kind: $0.1) }, keyColumns: key,
                schema: orders.schema, validator: nil)
        }
        let fixture = try Fixture()
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        let narrow = stream([id, ("n", .integer(bits: 32))], key: [0], table: "Order")
        maker.add(.create, narrow, #"{"id":1,"n":7}"#, key: #"{"id":1}"#)
        let wide = stream([id, ("n", .string(maxLength: nil)), ("select", .json)], key: [0], table: "Order")
        maker.add(.create, wide, #"{"id":2,"n":"007","select":{"a":[1]}}"#, key: #"{"id":2}"#)
        let keyless = stream([("_buz_op", .string(maxLength: nil))], key: [], table: "log")
        maker.add(.create, keyless, #"{"_buz_op":"mine"}"#)
        maker.add(.truncate, keyless)
        try await lane.deliver(maker.seal())
        #expect(
            try fixture.rows(#"SELECT id || typeof(n) || n || coalesce("select", '∅') FROM "Order" ORDER BY id"#)
                == ["1text7∅", #"2text007{"a":[1]}"#])
        #expect(
            try fixture.rows("SELECT coalesce(_buz_op, '∅') || _buz_op_ || _buz_ordinal FROM log ORDER BY _buz_ordinal")
                == ["minec2", "∅t3"])
        await lane.sink.close()
    }

    @Test("Names that are one to SQLite are refused, and other tables go on")
    func names() async throws {
        let fixture = try Fixture()
        let sink = fixture.sink()
        _ = try await sink.open()
        let clash = StreamDescriptor(
            database: "shop", schemaName: "public", table: "clash",
            columns: [.init(name: "a", sqlType: "", kind: .text), .init(name: "A", sqlType: "", kind: .text)],
            keyColumns: [0], schema: orders.schema, validator: nil)
        let maker = BatchMaker()
        maker.add(.create, clash, #"{"a":"1","A":"2"}"#, key: #"{"a":"1"}"#)
        maker.add(.create, orders, #"{"id":1,"name":"a","note":null}"#, key: #"{"id":1}"#)
        guard case .rejected(let rejections) = await sink.write([BatchSlice(maker.seal())]) else {
            Issue.record("not rejected")
            return
        }
        #expect(
            rejections.count == 1 && rejections[0].record == 0
                && rejections[0].failure.message.contains("one to SQLite"))
        #expect(try fixture.rows("SELECT id FROM orders") == ["1"])
        #expect(sqliteTable(schema: "public", name: "sqlite_x") == "public.sqlite_x")
        #expect(sqliteTable(schema: "s", name: "t") == "s.t")
        await sink.close()
    }

    @Test(
        "Values keep their digits and bytes",
        arguments: [
            (StreamDescriptor.Kind.integer(bits: 64), "-9223372036854775808", "integer", "-9223372036854775808"),
            (.boolean, "true", "integer", "1"), (.float(bits: 64), "1e-7", "real", "1.0e-07"),
            (.float(bits: 64), #""NaN""#, "text", "NaN"),
            (
                .numeric(precision: nil, scale: nil), "123456789012345678901234567890.10", "text",
                "123456789012345678901234567890.10"
            ),
            (.bytes, #""\\x00ff10""#, "blob", "00FF10"), (.json, #"{"a": 1}"#, "text", #"{"a": 1}"#),
            (.array(of: .integer(bits: 32)), "[1,null]", "text", "[1,null]"), (.text, #""a\tb""#, "text", "a\tb"),
        ] as [(StreamDescriptor.Kind, String, String, String)])
    func values(kind: StreamDescriptor.Kind, json: String, type: String, expected: String) async throws {
        let fixture = try Fixture()
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
        #expect(
            try fixture.rows("SELECT typeof(v) || ' ' || CASE typeof(v) WHEN 'blob' THEN hex(v) ELSE v END FROM v")
                == ["\(type) \(expected)"])
        await lane.sink.close()
    }

    @Test("A file that is no database, or cannot be made, is one line that says so")
    func failures() async throws {
        let fixture = try Fixture()
        try writeText(
            "this is not a database, and long enough to be looked at as one" + String(repeating: ".", count: 4096),
            to: fixture.path)
        await #expect(throws: SinkFailure.self) { try await fixture.sink().open() }
        let nowhere = SQLiteSink(
            SQLiteSinkSettings(name: "n", path: "/nonexistent/x.sqlite"), renderer: SampleEvents.renderer)
        do {
            _ = try await nowhere.open()
            Issue.record("opened")
        } catch {
            #expect(error.code == .unauthorized && error.message.contains("/nonexistent/x.sqlite"))
        }
    }

    @Test("The row of an announcement names the commit and the event that it comes before")
    func announcements() async throws {
        let fixture = try Fixture()
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
