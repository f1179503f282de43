#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import CoreIngest

/// Golden files: `Tests/Golden/formats/FORMAT.ndjson`. Set `BUZ_RECORD=1` to write them anew, then read the difference.
@Suite struct EventFormatTests {
    static let renderer = EventRenderer(
        instance: .init(name: "shop-\"sidecar\"", environment: "test", version: "1.2.3"))

    /// A transaction of every operation, a snapshot row, a collected event and two control marks.
    static func batch() throws -> EventBatch {
        var builder = EventBatchBuilder(capacity: 1024)
        let orders = StreamDescriptor(
            database: "shop", schemaName: "public", table: "orders", columns: [], keyColumns: [0],
            schema: try #require(SchemaName(vendor: "com.acme.shop", name: "orders", version: .first)), validator: nil)
        let clicks = StreamDescriptor(
            database: "", schemaName: "", table: "", columns: [], keyColumns: [],
            schema: try #require(SchemaName(vendor: "com.acme", name: "click", version: .first)), validator: nil,
            protocol: "selfDescribing")
        let stream = builder.index(of: orders)
        let transaction = builder.add(
            TransactionInfo(
                commitLSN: LogSequenceNumber(0x16_B374_D848), xid: 771, commitTime: 1_795_225_377_123_456,
                origin: "node\"2"))
        let plain = builder.add(
            TransactionInfo(commitLSN: LogSequenceNumber(0x16_B374_D900), xid: 772, commitTime: 1_795_225_378_000_007))
        var ordinal: UInt64 = 0

        func put(_ text: String) -> ByteRange {
            let start = builder.arena.count
            builder.arena.append(text: text)
            return ByteRange(from: start, to: builder.arena.count)
        }
        func add(_ operation: Operation, in index: UInt32 = 0, _ change: (inout EventRecord) -> Void) {
            var record = EventRecord()
            record.uuidHigh = 0x0123_4567_89AB_8DEF
            record.uuidLow = 0x8000_0000_0000_0000 | ordinal
            record.operation = operation
            record.stream = stream
            record.transaction = index == 0 ? transaction : plain
            record.timestamp = index == 0 ? 1_795_225_377_123_456 : 1_795_225_378_000_007
            record.position = Position(commit: 0x16_B374_D848, ordinal: ordinal)
            record.lsn = LogSequenceNumber(0x16_B374_D000 + ordinal)
            change(&record)
            builder.append(record)
            ordinal += 1
        }

        add(.snapshotBegin) { _ in }
        add(.read) {
            $0.transaction = .max
            $0.lsn = .none
            $0.position = Position(commit: 0x16_B374_CFFF, ordinal: 0)
            $0.flags = .snapshot
            $0.payload = put(#"{"id":1,"note":"first"}"#)
            $0.key = put(#"{"id":1}"#)
        }
        add(.snapshotEnd) { _ in }
        add(.create) {
            $0.payload = put("{\"id\":2,\"doc\":{\n  \"a\": \"x\\ny\"\n}}")
            $0.key = put(#"{"id":2}"#)
        }
        add(.update) {
            $0.payload = put(#"{"id":2,"total":9.90}"#)
            $0.key = put(#"{"id":2}"#)
            $0.before = put(#"{"id":2,"total":1.00,"note":"é"}"#)
            $0.unchanged = put(#""bio","pho\"to""#)
        }
        add(.update, in: 1) {
            $0.payload = put(#"{"id":3}"#)
            $0.key = put(#"{"id":3}"#)
            $0.before = put(#"{"id":2}"#)
            $0.flags = [.beforeIsKeyOnly, .keyChanged, .repairedText]
        }
        add(.update, in: 1) {
            $0.payload = put("{}")
            $0.unchanged = put(#""bio""#)
        }
        add(.delete, in: 1) {
            $0.payload = put(#"{"id":3}"#)
            $0.key = put(#"{"id":3}"#)
            $0.flags = .beforeIsKeyOnly
        }
        add(.truncate, in: 1) {
            $0.contexts = put(#""iglu:io.silverton.buz/truncate/jsonschema/1-0-0":{"cascade":true}"#)
        }
        add(.message, in: 1) { $0.payload = put(#"{"prefix":"app","content":"hello"}"#) }
        add(.message, in: 1) { $0.payload = put(##"{"prefix":"app","content":"\\x00ff10"}"##) }
        add(.create, in: 1) {
            $0.payload = put(#"{"id":"x"}"#)
            $0.flags = .invalid
            $0.validationError = put(#"{"message":"does not match"}"#)
        }
        let click = builder.index(of: clicks)
        add(.none) {
            $0.stream = click
            $0.transaction = .max
            $0.timestamp = -1
            $0.payload = put(#"{"page":"/"}"#)
            $0.contexts = put(#""iglu:com.acme/web/jsonschema/1-0-0":{"ip":"::1"}"#)
        }
        let changes = builder.index(
            of: StreamDescriptor(
                database: "shop", schemaName: "public", table: "orders", columns: [], keyColumns: [],
                schema: SchemaChangeSchema.name, validator: nil))
        add(.schemaChange, in: 1) {
            $0.stream = changes
            $0.position = .before(Position(commit: 0x16_B374_D900, ordinal: 0))
            $0.payload = put(#"{"database":"shop","schema":"public","table":"orders","class":"addition"}"#)
        }
        return builder.seal(
            source: SourceIdentity(name: "shop", systemIdentifier: 7), acknowledge: 0, receivedAt: 1_795_225_380_500_000
        )
    }

    @Test("each format is as it was recorded, one parsable line per event", arguments: EventFormat.allCases)
    func golden(_ format: EventFormat) throws {
        let batch = try Self.batch()
        let rendered = batch.rendered(as: format, by: Self.renderer)
        let all = Array(rendered.lines(batch.records.indices))
        for (index, record) in batch.records.enumerated() {
            let line = Array(rendered.line(index))
            #expect(line.isEmpty == record.operation.isControl)
            #expect(!line.contains(0x0A))
            if !line.isEmpty { try withJSON(line) { #expect(!$0.hasDuplicateNames(0)) } }
        }
        let package = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let path = "/\(package)/Golden/formats/\(format.rawValue).ndjson"
        if getenv("BUZ_RECORD") != nil {
            let file = try #require(fopen(path, "w"))
            fwrite(all, 1, all.count, file)
            fclose(file)
        }
        let file = try #require(fopen(path, "r"), "no golden file at \(path)")
        defer { fclose(file) }
        var recorded = [UInt8](repeating: 0, count: all.count + 4096)
        recorded.removeLast(recorded.count - fread(&recorded, 1, recorded.count, file))
        let lines = String(decoding: all, as: UTF8.self).split(separator: "\n")
        let expected = String(decoding: recorded, as: UTF8.self).split(separator: "\n")
        #expect(lines == expected)
    }

    @Test("ranges of lines are what their single lines are, one after the other")
    func ranges() throws {
        let batch = try Self.batch()
        let rendered = batch.rendered(as: .envelope, by: Self.renderer)
        var joined: [UInt8] = []
        for index in 3..<6 { joined += Array(rendered.line(index)) + [0x0A] }
        #expect(Array(rendered.lines(3..<6)) == joined)
        #expect(rendered.lines(2..<3).isEmpty)
        #expect(rendered.lines(0..<0).isEmpty)
    }

    @Test("the envelope of one record is its line")
    func single() throws {
        let batch = try Self.batch()
        let rendered = batch.rendered(as: .envelope, by: Self.renderer)
        for index in batch.records.indices {
            #expect(Self.renderer.envelope(of: index, in: batch) == Array(rendered.line(index)))
        }
    }

    @Test("the envelope has its fields in their order")
    func fields() throws {
        let batch = try Self.batch()
        // The batch does not keep the rendering that the line lies in.
        let rendered = batch.rendered(as: .envelope, by: Self.renderer)
        let line = withExtendedLifetime(rendered) { Array(rendered.line(11)) }
        try withJSON(line) { view in
            #expect(
                view.members(0).map { view.string($0.name) } == [
                    "uuid", "timestamp", "buzTimestamp", "buzVersion", "buzName", "buzEnv", "protocol", "schema",
                    "vendor",
                    "namespace", "version", "isValid", "validationError", "contexts", "payload",
                ])
            #expect(view.member(0, named: "buzName").flatMap { view.string($0) } == "shop-\"sidecar\"")
            #expect(view.member(0, named: "isValid").flatMap { view.boolean($0) } == false)
        }
    }

    @Test(
        "base64 has its padding",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("~~~>", "fn5+Pg=="),
        ])
    func base64(_ text: String, expected: String) {
        var arena = ByteArena()
        Array(text.utf8).withUnsafeBytes { arena.append(base64: $0) }
        #expect(String(decoding: arena.bytes, as: UTF8.self) == expected)
    }

    @Test("timestamps are written as by the plain writer, in any order")
    func timestamps() {
        var memo = TimestampMemo()
        for value: Int64 in [
            0, 1, 999_999, 1_000_000, 1_000_001, -1, -1_000_000, -1_000_001, 1_795_225_377_123_456,
            1_795_225_377_123_456, 1_795_225_377_000_009, .min, .min + 1, .max, .max - 1, .min,
        ] {
            var arena = ByteArena()
            memo.append(value, to: &arena)
            #expect(String(decoding: arena.bytes, as: UTF8.self) == Timestamp.text(value))
        }
    }

    @Test("years of more or less than four digits have a sign and six digits")
    func farTimestamps() {
        #expect(Timestamp.text(.min) == "-290308-12-21T19:59:05.224192Z")
        #expect(Timestamp.text(.max) == "+294247-01-10T04:00:54.775807Z")
        #expect(Timestamp.text(-62_135_596_800_000_000) == "0001-01-01T00:00:00.000000Z")
        #expect(Timestamp.text(253_402_300_800_000_000) == "+010000-01-01T00:00:00.000000Z")
    }
}
