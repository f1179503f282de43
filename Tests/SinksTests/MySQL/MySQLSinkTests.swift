import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

/// Against a real MariaDB.
@Suite(.serialized, .enabled(if: !MySQLServer.installed.isEmpty), .timeLimit(.minutes(3)))
struct MySQLSinkTests {
    @Test(
        "Both modes pass the shared suite", arguments: [MySQLSinkSettings.Mode.events, .mirror], MySQLServer.installed)
    func conformance(mode: MySQLSinkSettings.Mode, kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
        func event(_ text: some StringProtocol) -> RecordedEvent {
            var batches = TestBatch()
            var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
            event.payload = String(text)
            return event
        }
        func short(_ recorded: RecordedEvent) throws -> (id: Int, event: RecordedEvent) {
            let document = try JSONDocument(recorded.payload)
            defer { withExtendedLifetime(document) {} }
            let view = document.view
            let id = try #require(view.member(0, named: "id").flatMap { view.integer($0) })
            let note = view.member(0, named: "note").flatMap { view.string($0) } ?? ""
            var hex = ByteArena(capacity: 64)
            for byte in note.utf8 { hex.append(hex: UInt64(byte), digits: 2) }
            return (id, event("\(id) \(String(decoding: hex.bytes, as: UTF8.self).uppercased())"))
        }
        let question =
            mode == .events
            ? "SELECT CONCAT(JSON_VALUE(envelope, '$.payload.id'), ' ', HEX(JSON_UNQUOTE(JSON_EXTRACT(envelope, '$.payload.note')))) FROM events ORDER BY commit_lsn, ordinal"
            : "SELECT CONCAT(id, ' ', HEX(IFNULL(note, ''))) FROM items ORDER BY id"
        var suite = SinkConformance(
            make: { fixture.sink(mode) },
            read: { ((try? server.sql(question)) ?? "").split(separator: "\n").map(event) },
            keeps: { events in
                let short = events.compactMap { try? short($0) }
                if mode == .events { return short.map(\.event) }
                var last: [Int: RecordedEvent] = [:]
                for one in short { last[one.id] = one.event }
                return last.sorted { $0.key < $1.key }.map(\.value)
            }, interrupt: { try fixture.interrupt() })
        guard mode == .mirror else { return try await suite.all() }
        // The marks of a snapshot empty a mirror.
        try await suite.keepsOrder()
        try await suite.takesLargeEvents()
        try await suite.losesNothingWhenWrittenAgain()
        try await suite.answersOnlyWhatIsDurable()
        try await suite.losesNothingWhenInterrupted()
    }

    @Test(arguments: MySQLServer.installed)
    func rowsFollowTheirSource(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
        let orders = fixture.orders
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
        let question = "SELECT id, name, IFNULL(note, '∅') FROM orders ORDER BY id"
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
        maker.add(.create, orders, #"{"id":7,"name":"\u00e9\u0000\"'\\","note":"x"}"#, key: #"{"id":7}"#)
        try await again.deliver(maker.seal())
        #expect(try server.sql("SELECT HEX(name) FROM orders") == "C3A90022275C")
        await again.sink.close()
        await lane.sink.close()
    }

    @Test(
        "Keys are compared byte by byte, trailing blanks and case included, and alone or together",
        arguments: MySQLServer.installed)
    func keys(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
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
        #expect(try server.sql("SELECT COUNT(*) FROM `keys`") == "12")
        maker.begin()
        for text in ["a", "'", "a\\\\"] {
            maker.add(.delete, table, "{\(key(text, 1))}", key: "{\(key(text, 1))}", flags: .beforeIsKeyOnly)
        }
        let batch = maker.seal()
        try await lane.deliver(batch)
        #expect(try server.sql("SELECT COUNT(*), SUM(a = 'a') FROM `keys`") == "9|1")
        #expect(
            try server.sql(
                "EXPLAIN \(kind == .mySQL ? "FORMAT=TRADITIONAL" : "") DELETE FROM `keys` WHERE (a, b) IN (('a', x'00ff'), ('A', x'00ff'))"
            )
            .contains("range"))
        await lane.sink.close()
    }

    @Test(
        "Tables follow added columns and widened types, and those without a key are lists of changes, each once",
        arguments: MySQLServer.installed)
    func shapes(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        let maker = BatchMaker()
        let id = ("id", StreamDescriptor.Kind.integer(bits: 32))
        maker.add(
            .create, fixture.stream([id, ("n", .integer(bits: 32))], key: [0], table: "Or`d\\er"), #"{"id":1,"n":7}"#,
            key: #"{"id":1}"#)
        let wide = fixture.stream(
            [("id", .integer(bits: 64)), ("n", .string(maxLength: nil)), ("select", .json)], key: [0],
            table: "Or`d\\er")
        maker.add(.create, wide, #"{"id":20000000000,"n":"007","select":{"a":[1]}}"#, key: #"{"id":20000000000}"#)
        let keyless = fixture.stream([("_buz_op", .string(maxLength: nil))], key: [], table: "log")
        maker.add(.create, keyless, #"{"_buz_op":"mine"}"#)
        maker.add(.truncate, keyless)
        let batch = maker.seal()
        try await lane.deliver(batch)
        #expect(
            try server.sql("SELECT id, n, IFNULL(`select`, '∅') FROM `Or``d\\er` ORDER BY id")
                == "1|7|∅\n20000000000|007|{\"a\":[1]}")
        let again = LaneStandIn(fixture.sink())
        try await again.open()
        try await again.deliver(batch)
        #expect(
            try server.sql("SELECT IFNULL(_buz_op, '∅'), _buz_op_ FROM log ORDER BY _buz_ordinal") == "mine|c\n∅|t")
        maker.begin()
        maker.add(
            .create, fixture.stream([("id", .integer(bits: 64)), ("n", .boolean)], key: [0], table: "flags"),
            #"{"id":1,"n":true}"#, key: #"{"id":1}"#)
        try await again.deliver(maker.seal())
        maker.begin()
        maker.add(
            .create, fixture.stream([("id", .integer(bits: 64)), ("n", .text)], key: [0], table: "flags"),
            #"{"id":1,"n":"7"}"#, key: #"{"id":1}"#)
        let failed = try #require(await again.sink.write([BatchSlice(maker.seal())]).failure)
        #expect(failed.code == .misconfigured && failed.message.contains("drop the table"), "\(failed)")
        await again.sink.close()
        await lane.sink.close()
    }

    @Test(
        "A session that ends after a table was changed loses nothing and repeats nothing",
        arguments: MySQLServer.installed)
    func changesOfTablesCommit(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
        // The first table's rows are committed by the second one's making, with their position.
        let maker = BatchMaker()
        let log = fixture.stream([("n", .integer(bits: 32))], key: [], table: "log")
        let other = fixture.stream([("id", .integer(bits: 32)), ("n", .integer(bits: 32))], key: [0], table: "other")
        for number in 1...10 { maker.add(.create, log, "{\"n\":\(number)}") }
        maker.add(.create, other, #"{"id":1,"n":1}"#, key: #"{"id":1}"#)
        let batch = maker.seal()
        // Somebody holds a row that the write needs, once the tables are made: the write fails half-way.
        try server.sql("CREATE TABLE other (id INT PRIMARY KEY, n INT) ENGINE=InnoDB; INSERT INTO other VALUES (1, 0)")
        let holder = try ChildProcess(
            [
                "/usr/bin/mariadb", "--no-defaults", "--socket=\(server.socket)", "--user=root", "shop_copy", "-e",
                "START TRANSACTION; UPDATE other SET n = 2; SELECT SLEEP(600)",
            ], folder: server.folder)
        defer { holder.stop(9) }
        try eventually(within: 20, "no lock") {
            try server.sql("SELECT COUNT(*) FROM \(server.sessionTable) WHERE INFO LIKE 'SELECT SLEEP(600)%'")
                == "1"
        }
        let first = fixture.sink()
        _ = try await first.open()
        // The shape differs, so the write defines a column between the two tables.
        let failed = try #require(await first.write([BatchSlice(batch)]).failure)
        #expect(failed.code == .unavailable && failed.message.contains("1205"), "\(failed)")
        holder.stop(9)
        try fixture.interrupt()
        let lane = LaneStandIn(fixture.sink())
        try await lane.open()
        try await lane.deliver(batch)
        #expect(try server.sql("SELECT COUNT(*), COUNT(DISTINCT n) FROM log") == "10|10")
        #expect(try server.sql("SELECT n FROM other") == "1")
        await lane.sink.close()
        await first.close()
    }

    @Test("Events are stored once, whoever writes them again, also beside each other", arguments: MySQLServer.installed)
    func once(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        let server = fixture.server
        var maker = TestBatch()
        let batches = (0..<6).map { _ in maker.inserts(50) }
        let first = fixture.sink(.events)
        let second = fixture.sink(.events)
        _ = try await first.open()
        _ = try await second.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sink in [first, second] {
                group.addTask {
                    for batch in batches {
                        for attempt in 0..<20 {
                            let outcome = await sink.write([BatchSlice(batch)])
                            if outcome.isDelivered { break }
                            #expect(attempt < 19, "\(outcome)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try server.sql("SELECT COUNT(*), COUNT(DISTINCT uuid) FROM events") == "300|300")
        await first.close()
        await second.close()
    }

    private static let cases: [(StreamDescriptor.Kind, String, String?)] = [
        (StreamDescriptor.Kind.integer(bits: 64), "-9223372036854775808", "-9223372036854775808"),
        (.boolean, "true", "1"), (.float(bits: 64), "5e-324", "5e-324"), (.float(bits: 64), #""NaN""#, nil),
        (.float(bits: 32), "0.1", "0.1"), (.float(bits: 64), #""-Infinity""#, nil),
        (
            .numeric(precision: 65, scale: 30),
            "-\(String(repeating: "9", count: 35)).\(String(repeating: "8", count: 30))",
            "-\(String(repeating: "9", count: 35)).\(String(repeating: "8", count: 30))"
        ),
        (.numeric(precision: 12, scale: 2), "0.50", "0.50"), (.numeric(precision: 12, scale: 2), #""NaN""#, nil),
        (.numeric(precision: 12, scale: 2), "0.501", nil),
        (.numeric(precision: nil, scale: nil), "1.10", "1.10"),
        (.numeric(precision: 70, scale: 2), "1.10", "1.10"),
        (.uuid, #""a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11""#, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        (.bytes, #""\\x27ff5c""#, "27FF5C"), (.bytes, #""\\x""#, ""), (.date, #""2026-01-02""#, "2026-01-02"),
        (.date, #""infinity""#, "9999-12-31"), (.date, #""0044-03-15 BC""#, "1000-01-01"),
        (.date, #""0999-12-31""#, "1000-01-01"),
        (.timestamp(withZone: true), #""294276-12-31T00:00:00Z""#, "9999-12-31 23:59:59.999999"),
        (.timestamp(withZone: true), #""2026-01-02T03:04:05.5Z""#, "2026-01-02 03:04:05.500000"),
        (.timestamp(withZone: false), #""2026-01-02T03:04:05""#, "2026-01-02 03:04:05.000000"),
        (.time(withZone: false), #""24:00:00""#, "24:00:00.000000"),
        (.time(withZone: true), #""12:34:56.789+02""#, "12:34:56.789+02"),
        (.json, #"{"a": 1.00, "\u0000": "\""}"#, #"{"a": 1.00, "\u0000": "\""}"#),
        (.array(of: .integer(bits: 32)), "[1,null]", "[1,null]"), (.string(maxLength: 3), #""äöü""#, "äöü"),
        (.string(maxLength: nil), #""😀 \u0027\\ ""#, "😀 '\\ "),
    ]

    @Test(
        "Values are stored as the page says, and those that a column cannot hold have their outcome",
        arguments: MySQLServer.installed)
    func values(kind: MySQLServer.Kind) async throws {
        let fixture = try MySQLFixture(kind)
        for (number, one) in Self.cases.enumerated() {
            try await value(one.0, one.1, one.2, table: "v\(number)", fixture)
        }
    }

    private func value(
        _ kind: StreamDescriptor.Kind, _ json: String, _ expected: String?, table name: String, _ fixture: MySQLFixture
    ) async throws {
        // One that has come nowhere yet.
        var settings = fixture.settings()
        settings.name = name
        let sink = MySQLSink(settings, renderer: SampleEvents.renderer)
        _ = try await sink.open()
        let maker = BatchMaker()
        let table = fixture.stream([("id", .integer(bits: 32)), ("v", kind)], key: [0], table: name)
        maker.add(.create, table, #"{"id":1,"v":\#(json)}"#, key: #"{"id":1}"#)
        maker.add(.create, table, #"{"id":2,"v":null}"#, key: #"{"id":2}"#)
        let outcome = await sink.write([BatchSlice(maker.seal())])
        if let expected {
            #expect(outcome.isDelivered, "\(kind) \(json): \(outcome)")
            let hexed = try fixture.server.sql(
                "SELECT HEX(\(kind == .bytes ? "v" : "CAST(v AS CHAR)")) FROM \(name) WHERE id = 1")
            var wanted = ByteArena(capacity: 64)
            for byte in expected.utf8 { wanted.append(hex: UInt64(byte), digits: 2) }
            #expect(
                hexed == (kind == .bytes ? expected : String(decoding: wanted.bytes, as: UTF8.self).uppercased()),
                "\(kind) \(json)")
        } else {
            guard case .rejected(let rejections) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(
                rejections.count == 1 && rejections[0].record == 0 && rejections[0].failure.message.contains("column v")
            )
        }
        #expect(try fixture.server.sql("SELECT COUNT(*) FROM \(name) WHERE v IS NULL") == "1")
        await sink.close()
    }
}
