import CoreIngest
import SinkTesting
import TestServers
import Testing

@testable import Sinks

extension BigQueryTests {
    @Suite("BigQuery: mirrors", .timeLimit(.minutes(3)))
    struct BigQueryMirrorTests {
        let stand: BigQueryStand
        var batches = TestBatch()

        init() throws { stand = try BigQueryStand() }

        func sink(_ change: (inout BigQuerySinkSettings) -> Void = { _ in }) -> BigQuerySink {
            stand.sink {
                $0.mode = .mirror
                change(&$0)
            }
        }

        /// By the rule of change data capture.
        private func rows(_ table: String = "items") throws -> [String] {
            try stand.emulator.rows("SELECT id, note FROM \(stand.name(table)) ORDER BY id").map {
                $0.joined(separator: " ")
            }
        }

        @Test("The shared suite of sinks passes")
        func conformance() async throws {
            func event(_ payload: String) -> RecordedEvent {
                var batches = TestBatch()
                var event = RecordedEvent(EventRecord(), of: batches.transaction([]))
                event.payload = payload
                return event
            }
            var suite = SinkConformance(
                make: { sink() },
                read: {
                    guard try stand.table("GET", "items").contains("bigquery#table") else { return [] }
                    return try stand.emulator.column(
                        "SELECT CONCAT('{\"id\":', CAST(id AS STRING), ',\"note\":', TO_JSON_STRING(note), '}') FROM \(stand.name("items")) ORDER BY id"
                    ).map(event)
                },
                keeps: { events in
                    var rows: [String: String] = [:]
                    for event in events { rows[event.key] = event.payload }
                    func id(_ key: String) -> Int { Int(key.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0 }
                    return rows.sorted { id($0.key) < id($1.key) }.map { event($0.value) }
                })
            try await suite.keepsOrder()
            try await suite.takesLargeEvents()
            try await suite.losesNothingWhenWrittenAgain()
            try await suite.answersOnlyWhatIsDurable()
        }

        @Test("Inserts, updates and deletes leave each row in its last state, also when they come again")
        mutating func changes() async throws {
            let sink = sink()
            _ = try await sink.open()
            let first = batches.transaction([.init(id: 1), .init(id: 2), .init(id: 3)])
            let second = batches.transaction([
                .init(id: 1, operation: .update, note: "new"), .init(id: 2, operation: .delete),
                .init(id: 4), .init(id: 4, operation: .delete),
            ])
            stand.expectDelivered(await sink.write([BatchSlice(first)]))
            stand.expectDelivered(await sink.write([BatchSlice(second)]))
            #expect(try rows() == ["1 new", "3 note"])
            // What is old does not come back.
            stand.expectDelivered(await sink.write([BatchSlice(first)]))
            #expect(try rows() == ["1 new", "3 note"])
            let table = try stand.table("GET", "items")
            #expect(table.contains(#""tableConstraints": {"primaryKey": {"columns": ["id"]}}"#))
            #expect(table.contains(#""clustering": {"fields": ["id"]}"#))
            await sink.close()
        }

        @Test("A mirror that somebody drops is made anew")
        mutating func dropped() async throws {
            let sink = sink()
            _ = try await sink.open()
            stand.expectDelivered(await sink.write([BatchSlice(batches.inserts(2))]))
            _ = try stand.table("DELETE", "items")
            let next = BatchSlice(batches.inserts(1))
            guard case .failed(let failure) = await sink.write([next]) else {
                Issue.record("taken without a table")
                return
            }
            #expect(failure.code == .unavailable && !failure.reopen)
            stand.expectDelivered(await sink.write([next]))
            #expect(try rows() == ["3 note"])
            await sink.close()
        }

        @Test("A later history's changes count, whatever its positions are")
        mutating func histories() async throws {
            let sink = sink()
            _ = try await sink.open()
            stand.expectDelivered(await sink.write([BatchSlice(batches.transaction([.init(id: 1, note: "old")]))]))
            await sink.close()
            var restored = TestBatch(commit: 8)
            restored.source.generation = 77
            let again = self.sink()
            _ = try await again.open()
            stand.expectDelivered(
                await again.write([BatchSlice(restored.transaction([.init(id: 1, note: "restored")]))]))
            #expect(try rows() == ["1 restored"])
            #expect(
                try stand.emulator.rows("SELECT source, epoch FROM \(stand.name("buz_cdc_sources")) ORDER BY epoch")
                    == [["shop@1", "1"], ["shop@1/4d", "2"]])
            await again.close()
        }

        @Test(
            "A truncation and the begin of a snapshot empty the table, with and without staleness", arguments: [0, 900])
        mutating func empties(staleness: Int) async throws {
            let sink = sink { $0.maxStaleness = .seconds(staleness) }
            _ = try await sink.open()
            stand.expectDelivered(await sink.write([BatchSlice(batches.inserts(5))]))
            let truncation = batches.transaction([.init(id: 0, operation: .truncate), .init(id: 9, note: "after")])
            stand.expectDelivered(await sink.write([BatchSlice(truncation)]))
            #expect(try rows() == ["9 after"])
            // The same again changes nothing.
            stand.expectDelivered(await sink.write([BatchSlice(truncation)]))
            #expect(try rows() == ["9 after"])
            let snapshot = batches.transaction([
                .init(id: 0, operation: .snapshotBegin), .init(id: 1, operation: .read),
                .init(id: 0, operation: .snapshotEnd),
            ])
            stand.expectDelivered(await sink.write([BatchSlice(snapshot)]))
            #expect(try rows() == ["1 note"])
            #expect(try stand.table("GET", "items").contains(#""maxStaleness": "0-0 0 0:15:0""#) == (staleness > 0))
            await sink.close()
        }

        @Test(
            "A mirror that was made with fewer columns gets the others; one of another type is refused with what to do")
        mutating func evolution() async throws {
            _ = try stand.table(
                "POST", "",
                #"{"tableReference":{"tableId":"items"},"schema":{"fields":[{"name":"id","type":"INTEGER"}]},"tableConstraints":{"primaryKey":{"columns":["id"]}}}"#
            )
            _ = try stand.table(
                "POST", "",
                #"{"tableReference":{"tableId":"others"},"schema":{"fields":[{"name":"id","type":"INTEGER"},{"name":"note","type":"DATE"}]},"tableConstraints":{"primaryKey":{"columns":["id"]}}}"#
            )
            let sink = sink()
            _ = try await sink.open()
            stand.expectDelivered(await sink.write([BatchSlice(batches.inserts(1))]))
            #expect(try rows() == ["1 note"])
            var others = TestBatch(table: "others")
            switch await sink.write([BatchSlice(others.inserts(2))]) {
            // Somebody can mend it, so it is tried again.
            case .failed(let failure):
                #expect(failure.code == .misconfigured)
                #expect(failure.message.contains("drop the table"))
            case let outcome: Issue.record("\(outcome)")
            }
            await sink.close()
        }

        func stream(_ columns: [StreamDescriptor.Column], key: [Int] = [0]) throws -> StreamDescriptor {
            let schema = try #require(SchemaName(parsing: "iglu:com.acme.shop/odd/jsonschema/1-0-0"))
            return StreamDescriptor(
                database: "shop", schemaName: "public", table: "odd", columns: columns, keyColumns: key, schema: schema,
                validator: nil)
        }

        func batch(
            _ stream: StreamDescriptor, _ payloads: [String], operation: CoreIngest.Operation = .create,
            commit: UInt64 = 8,
            unchanged: String = ""
        ) -> EventBatch {
            var builder = EventBatchBuilder(capacity: 256)
            let index = builder.index(of: stream)
            for (ordinal, payload) in payloads.enumerated() {
                var record = EventRecord()
                record.position = Position(commit: commit, ordinal: UInt64(ordinal))
                record.operation = operation
                record.stream = index
                var start = builder.arena.count
                builder.arena.append(text: payload)
                record.payload = ByteRange(from: start, to: builder.arena.count)
                start = builder.arena.count
                builder.arena.append(text: unchanged)
                record.unchanged = ByteRange(from: start, to: builder.arena.count)
                builder.append(record)
            }
            return builder.seal(source: batches.source, acknowledge: commit + 1, receivedAt: 0)
        }

        @Test(
            "A value that its column cannot hold refuses its row alone, and the message names the column and no value")
        func refusals() async throws {
            let stream = try stream([
                .init(name: "id", sqlType: "int4", kind: .integer(bits: 32)),
                .init(name: "at", sqlType: "timestamptz", kind: .timestamp(withZone: true)),
                .init(name: "price", sqlType: "numeric(12,2)", kind: .numeric(precision: 12, scale: 2)),
            ])
            let sink = sink()
            _ = try await sink.open()
            let batch = batch(
                stream,
                [
                    #"{"id":1,"at":"2026-01-02T03:04:05.5Z","price":1.50}"#, #"{"id":2,"at":"infinity","price":1}"#,
                    #"{"id":3,"at":null,"price":"NaN"}"#, #"{"id":4,"price":-0.01}"#,
                ])
            switch await sink.write([BatchSlice(batch)]) {
            case .rejected(let rejections):
                #expect(rejections.map(\.record) == [1, 2])
                #expect(rejections[0].failure.message.contains("column at"))
                #expect(!rejections[0].failure.message.contains("infinity"))
            case let outcome: Issue.record("\(outcome)")
            }
            let found = try stand.emulator.rows(
                "SELECT id, UNIX_MICROS(at), price FROM \(stand.name("odd")) ORDER BY id")
            #expect(found.map { $0.prefix(2).joined(separator: " ") } == ["1 1767323045500000", "4 NULL"])
            await sink.close()
        }

        @Test("A row whose unchanged columns were not sent is refused, unless the write has them")
        func partialRows() async throws {
            let stream = try stream([
                .init(name: "id", sqlType: "int4", kind: .integer(bits: 32)),
                .init(name: "note", sqlType: "text", kind: .string(maxLength: nil)),
                .init(name: "bio", sqlType: "text", kind: .string(maxLength: nil)),
            ])
            let sink = sink()
            _ = try await sink.open()
            let whole = batch(stream, [#"{"id":1,"note":"a","bio":"long"}"#, #"{"id":2,"note":"a","bio":"long"}"#])
            let partial = batch(
                stream, [#"{"id":1,"note":"b"}"#], operation: .update, commit: 16, unchanged: "\"bio\"")
            stand.expectDelivered(await sink.write([BatchSlice(whole), BatchSlice(partial)]))
            #expect(
                try stand.emulator.rows("SELECT id, note, bio FROM \(stand.name("odd")) ORDER BY id")
                    == [["1", "b", "long"], ["2", "a", "long"]])
            let alone = batch(
                stream, [#"{"id":2,"note":"c"}"#], operation: .update, commit: 24, unchanged: "\"bio\"")
            switch await sink.write([BatchSlice(alone)]) {
            case .rejected(let rejections):
                #expect(rejections.first?.failure.message.contains("REPLICA IDENTITY FULL") == true)
            case let outcome: Issue.record("\(outcome)")
            }
            await sink.close()
        }

        @Test("A table without a key is appended with what happened; odd names are mapped, also reserved ones")
        func keyless() async throws {
            let stream = try stream(
                [
                    .init(name: "1st näme", sqlType: "text", kind: .string(maxLength: nil)),
                    .init(name: "_CHANGE_TYPE", sqlType: "text", kind: .string(maxLength: nil)),
                    .init(name: "select", sqlType: "text", kind: .string(maxLength: nil)),
                ], key: [])
            let sink = sink()
            _ = try await sink.open()
            let batch = batch(stream, [#"{"1st näme":"a","_CHANGE_TYPE":"b","select":"c"}"#])
            stand.expectDelivered(await sink.write([BatchSlice(batch)]))
            #expect(
                try stand.emulator.rows(
                    "SELECT `_1st_n_me`, `c_CHANGE_TYPE`, `select`, _buz_op, _buz_commit_lsn, _buz_ordinal FROM \(stand.name("odd"))"
                ) == [["a", "b", "c", "c", "0/8", "0"]])
            await sink.close()
        }
    }

    @Suite("BigQuery: numbers of changes")
    struct PositionTextTests {
        @Test("The texts of positions are ordered as the positions are, announcements included")
        func order() {
            let event = Position(commit: 800, ordinal: 3)
            let positions = [
                Position(commit: 7, ordinal: .max >> 1), Position(commit: 799, ordinal: 0),
                Position(commit: 800, ordinal: 0),
                .before(event), event, .before(Position(commit: 800, ordinal: 4)), Position(commit: 800, ordinal: 4),
                Position(commit: .max, ordinal: 0),
            ]
            let texts = positions.map { position in
                var arena = ByteArena(capacity: 40)
                arena.append(positionText: position)
                return String(decoding: arena.bytes, as: UTF8.self)
            }
            #expect(positions == positions.sorted())
            #expect(texts == texts.sorted())
            #expect(texts.allSatisfy { $0.utf8.count == PositionText.bytes })
            #expect(texts.map { PositionText.position($0) } == positions)
        }

        @Test(
            "Times of payloads are read to the microsecond",
            arguments: [
                ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
                ("2000-02-29T12:00:00.5Z", 951_825_600_500_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
                ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ] as [(String, Int64)])
        func times(text: String, expected: Int64) {
            let found = Array(text.utf8).withUnsafeBytes { CivilTime.microseconds($0, zone: true) }
            #expect(found == expected)
        }

        @Test(
            "What is no time of the years 1 to 9999 is none",
            arguments: [
                "", "infinity", "-infinity", "0044-03-15 12:00:00 BC", "10000-01-01 00:00:00+00",
                "2026-01-02T24:00:00Z",
                "2026-01-02 03:04:05Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567Z",
                "0000-01-01T00:00:00Z",
            ])
        func noTimes(text: String) {
            #expect(Array(text.utf8).withUnsafeBytes { CivilTime.microseconds($0, zone: true) } == nil)
        }
    }
}
