import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// Against ClickHouse's own engine.
@Suite(.serialized, .enabled(if: ClickHouseServer.isInstalled), .timeLimit(.minutes(3)))
struct ClickHouseSinkTests {
    let server: ClickHouseServer
    let orders = ordersStream()

    init() throws { server = try ClickHouseServer() }

    private func settings(_ mode: ClickHouseSinkSettings.Mode = .mirror, invalid: String? = nil)
        -> ClickHouseSinkSettings
    {
        ClickHouseSinkSettings(
            name: "analytics", url: server.url, user: server.user, password: server.password, database: "shop",
            mode: mode,
            deadletterOutput: invalid)
    }

    func sink(_ mode: ClickHouseSinkSettings.Mode = .mirror, invalid: String? = nil) -> ClickHouseSink {
        ClickHouseSink(settings(mode, invalid: invalid), renderer: SampleEvents.renderer)
    }

    private func stream(_ columns: [(String, StreamDescriptor.Kind)], key: [Int], table: String) -> StreamDescriptor {
        StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: columns.enumerated().map { .init(name: $1.0, sqlType: "", kind: $1.1, isKey: key.contains($0)) },
            keyColumns: key, schema: orders.schema, validator: nil)
    }

    @Test("Both modes pass the shared suite", arguments: [ClickHouseSinkSettings.Mode.events, .mirror])
    func conformance(mode: ClickHouseSinkSettings.Mode) async throws {
        func event(_ text: some StringProtocol) -> RecordedEvent {
            var batches = TestBatch()
            var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
            event.payload = String(text)
            return event
        }
        func short(_ event: RecordedEvent) throws -> (id: Int, event: RecordedEvent) {
            let document = try JSONDocument(event.payload)
            defer { withExtendedLifetime(document) {} }
            let view = document.view
            let id = try #require(view.member(0, named: "id").flatMap { view.integer($0) })
            let note = view.member(0, named: "note").flatMap { view.string($0) } ?? ""
            return (id, Self.event(id, note))
        }
        let question =
            mode == .events
            ? "SELECT concat(JSONExtractRaw(envelope, 'payload', 'id'), ' ', hex(JSONExtractString(envelope, 'payload', 'note'))) FROM shop.events ORDER BY _buz_source, _buz_commit, _buz_rank"
            : "SELECT concat(toString(id), ' ', hex(ifNull(note, ''))) FROM shop.items FINAL ORDER BY id"
        var suite = SinkConformance(
            make: { sink(mode) },
            read: { ((try? server.ask(question)) ?? "").split(separator: "\n").map(event) },
            keeps: { events in
                let short = events.compactMap { try? short($0) }
                if mode == .events { return short.map(\.event) }
                var last: [Int: RecordedEvent] = [:]
                for one in short { last[one.id] = one.event }
                return last.sorted { $0.key < $1.key }.map(\.value)
            }, interrupt: { try server.fail("reset", count: 1) })
        guard mode == .mirror else { return try await suite.all() }
        // The marks of a snapshot empty a mirror.
        try await suite.keepsOrder()
        try await suite.takesLargeEvents()
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
    }

    private static func event(_ id: Int, _ note: String) -> RecordedEvent {
        var hex = ByteArena(capacity: 64)
        for byte in note.utf8 { hex.append(hex: UInt64(byte), digits: 2) }
        var batches = TestBatch()
        var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
        event.payload = "\(id) \(String(decoding: hex.bytes, as: UTF8.self).uppercased())"
        return event
    }

    @Test func rowsFollowTheirSource() async throws {
        let lane = LaneStandIn(sink())
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
        let question =
            "SELECT concat(toString(id), ',', name, ',', ifNull(note, '∅')) FROM shop.orders FINAL ORDER BY id"
        let expected = "1,one,big1\n2,two,∅\n9,partial,∅\n40,moved,big4\n50,whole,w"
        try await lane.deliver(batch)
        #expect(try server.ask(question) == expected)
        // As after a crash before the acknowledgement.
        let again = LaneStandIn(sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(try server.ask(question) == expected)
        maker.begin()
        maker.add(.truncate, orders)
        maker.add(.create, orders, #"{"id":7,"name":"\u00e9\u0000\"","note":"x"}"#, key: #"{"id":7}"#)
        try await again.deliver(maker.seal())
        #expect(try server.ask("SELECT hex(name) FROM shop.orders FINAL") == "C3A90022")
        await again.sink.close()
    }

    @Test(
        "An event is stored once, whatever becomes of the answer, and whoever writes it again",
        arguments: ["lost", "reset", "503", "429", "code-252"])
    func once(fault: String) async throws {
        let batches = (0..<3).map { number in
            var maker = TestBatch()
            for _ in 0..<number { _ = maker.inserts(10) }
            return maker.inserts(10)
        }
        let first = sink(.events)
        _ = try await first.open()
        #expect(await first.write([BatchSlice(batches[0])]).isDelivered)
        // A connection that ends is tried once more by the client itself.
        try server.fail(fault, count: fault == "lost" || fault == "reset" ? 2 : 1, only: "INSERT")
        let failed = try #require(await first.write([BatchSlice(batches[1])]).failure)
        #expect(!failed.message.contains("secret") && !failed.message.contains("\n"))
        #expect(
            fault == "429" || fault == "code-252" ? failed.code == .throttled : failed.code == .unavailable, "\(failed)"
        )
        // The lane calls again with the same events; another instance cuts them differently.
        #expect(await first.write([BatchSlice(batches[1])]).isDelivered)
        await first.close()
        let second = sink(.events)
        #expect(try await second.open().isEmpty)
        #expect(
            await second.write([
                BatchSlice(batches[0], range: 5..<10), BatchSlice(batches[1]), BatchSlice(batches[2], range: 0..<4),
            ]).isDelivered)
        #expect(await second.write([BatchSlice(batches[2])]).isDelivered)
        #expect(try server.ask("SELECT count(), uniqExact(uuid) FROM shop.events") == "30\t30")
        await second.close()
    }

    @Test("Tables follow added columns and widened types, and those without a key are lists of changes, each once")
    func shapes() async throws {
        let lane = LaneStandIn(sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        maker.add(
            .create, stream([id, ("n", .integer(bits: 32))], key: [0], table: "Or`d\\er"), #"{"id":1,"n":7}"#,
            key: #"{"id":1}"#)
        let wide = stream([id, ("n", .string(maxLength: nil)), ("select", .json)], key: [0], table: "Or`d\\er")
        maker.add(.create, wide, #"{"id":2,"n":"007","select":{"a":[1]}}"#, key: #"{"id":2}"#)
        let keyless = stream([("_buz_op", .string(maxLength: nil))], key: [], table: "log")
        maker.add(.create, keyless, #"{"_buz_op":"mine"}"#)
        maker.add(.truncate, keyless)
        let batch = maker.seal()
        try await lane.deliver(batch)
        #expect(
            try server.ask("SELECT id, n, select FROM shop.`Or\\`d\\\\er` FINAL ORDER BY id FORMAT TSVRaw")
                == "1\t7\t\\N\n2\t007\t{\"a\":[1]}")
        let again = LaneStandIn(sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(
            try server.ask("SELECT _buz_op, _buz_op_ FROM shop.log FINAL ORDER BY _buz_ordinal") == "mine\tc\n\\N\tt")
        maker.begin()
        maker.add(
            .create, stream([id, ("n", .text)], key: [1], table: "Or`d\\er"), #"{"id":1,"n":"7"}"#, key: #"{"n":"7"}"#)
        let failed = try #require(await again.sink.write([BatchSlice(maker.seal())]).failure)
        #expect(failed.code == .misconfigured && failed.message.contains("drop the table"), "\(failed)")
        await again.sink.close()
    }

    @Test(
        "Values are stored as the page says, and those that a column cannot hold have their outcome",
        arguments: [
            (StreamDescriptor.Kind.integer(bits: 64), "-9223372036854775808", "-9223372036854775808"),
            (.boolean, "true", "true"),
            (.float(bits: 64), "1e-7", "1e-7"), (.float(bits: 64), #""NaN""#, "nan"), (.float(bits: 32), "0.1", "0.1"),
            (
                .numeric(precision: 76, scale: 2), "-\(String(repeating: "9", count: 74)).99",
                "-\(String(repeating: "9", count: 74)).99"
            ),
            (.numeric(precision: 12, scale: 2), "0.50", "0.5"), (.numeric(precision: 12, scale: 2), #""NaN""#, nil),
            (.numeric(precision: nil, scale: nil), "1.10", "1.10"),
            (.uuid, #""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            (.bytes, #""\\x00ff10""#, "\\0\u{FFFD}\u{10}"), (.date, #""2026-01-02""#, "2026-01-02"),
            (.date, #""infinity""#, "2299-12-31"),
            (.date, #""0044-03-15 BC""#, "1900-01-01"),
            (.timestamp(withZone: true), #""9999-12-31T00:00:00Z""#, "2299-12-31 23:59:59.999999"),
            (.timestamp(withZone: false), #""2026-01-02T03:04:05.5""#, "2026-01-02 03:04:05.500000"),
            (.json, #"{"a": 1}"#, #"{"a": 1}"#),
            (.array(of: .integer(bits: 32)), "[1,null]", "[1,null]"),
        ] as [(StreamDescriptor.Kind, String, String?)])
    func values(kind: StreamDescriptor.Kind, json: String, expected: String?) async throws {
        let sink = sink()
        _ = try await sink.open()
        let maker = BatchMaker()
        let table = stream([("id", .integer(bits: 32)), ("v", kind)], key: [0], table: "v")
        maker.add(.create, table, #"{"id":1,"v":\#(json)}"#, key: #"{"id":1}"#)
        maker.add(.create, table, #"{"id":2,"v":null}"#, key: #"{"id":2}"#)
        let outcome = await sink.write([BatchSlice(maker.seal())])
        if let expected {
            #expect(outcome.isDelivered)
            #expect(try server.ask("SELECT v FROM shop.v FINAL WHERE id = 1") == expected)
        } else {
            guard case .rejected(let rejections) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(
                rejections.count == 1 && rejections[0].record == 0 && rejections[0].failure.message.contains("column v")
            )
        }
        #expect(try server.ask("SELECT count() FROM shop.v FINAL WHERE v IS NULL") == "1")
        await sink.close()
    }

    /// Users cannot be made in the engine alone, so that the grants suffice is for a real server to prove.
    @Test("What the page tells to run in ClickHouse, the grants too, is understood by the engine")
    func page() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let text = readText("/\(root)/docs/sinks/clickhouse.md")
        let block = try #require(text.split(separator: "```sql\n").dropFirst().first?.split(separator: "```").first)
        let statements = block.split(separator: ";").map { $0.replacing("\n", with: " ") }.filter {
            $0.contains { $0.isLetter }
        }
        #expect(statements.count == 3 && statements.contains { $0.contains("GRANT") })
        for statement in statements { try server.ask("EXPLAIN AST \(statement)") }
        #expect(throws: ChildProcess.Failure.self) { try server.ask("EXPLAIN AST GRANT NOTHING ON shop.* TO buz") }
    }

    @Test("What is wrong is one line that says what to do, without the password")
    func failures() async throws {
        func failure(_ change: (inout ClickHouseSinkSettings) -> Void) async -> SinkFailure? {
            var settings = settings()
            change(&settings)
            do {
                _ = try await ClickHouseSink(settings, renderer: SampleEvents.renderer).open()
                return nil
            } catch {
                return error
            }
        }
        let wrong = try #require(await failure { $0.password = "not it" })
        #expect(
            wrong.code == .unauthorized && wrong.message.contains("code 516") && !wrong.message.contains("not it"),
            "\(wrong)")
        let missing = try #require(await failure { $0.database = "none" })
        #expect(missing.code == .misconfigured && missing.message.contains("CREATE DATABASE"), "\(missing)")
        let nowhere = try #require(await failure { $0.url = "http://127.0.0.1:1" })
        #expect(nowhere.code == .unavailable && nowhere.reopen, "\(nowhere)")
        let noURL = try #require(await failure { $0.url = "clickhouse:9000" })
        #expect(noURL.code == .misconfigured, "\(noURL)")
        try server.fail("hang")
        let slow = try #require(await failure { $0.timeout = .seconds(1) })
        #expect(slow.code == .unavailable, "\(slow)")
        for one in [wrong, missing, nowhere, noURL, slow] {
            #expect(!one.message.contains("\n") && !one.message.contains("secret"))
        }
    }
}
