import CoreIngest
import Glibc
import Testing

/// Batches for the tests of sinks: rows of `public.orders`, one event per payload.
struct SampleEvents {
    let source: SourceIdentity
    let stream: StreamDescriptor
    static let renderer = EventRenderer(instance: .init(name: "test", environment: "test", version: "0"))

    init(source: String = "shop", table: String = "orders") throws {
        self.source = SourceIdentity(name: source, systemIdentifier: 7)
        let schema = try #require(SchemaName(parsing: "iglu:com.acme.shop/\(table)/jsonschema/1-0-0"))
        stream = StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: [
                .init(name: "id", sqlType: "int4", kind: .integer(bits: 32), isNullable: false, isKey: true),
                .init(name: "status", sqlType: "text", kind: .string(maxLength: nil)),
            ],
            keyColumns: [0], schema: schema, validator: nil)
    }

    /// One event.
    struct Event {
        var payload: String
        var operation = Operation.create
        var key = ""
        var before = ""
        var isInvalid = false
    }

    func batch(_ events: [Event], commit: UInt64 = 100) -> EventBatch {
        var builder = EventBatchBuilder(capacity: 256)
        let stream = builder.index(of: stream)
        let transaction = builder.add(
            TransactionInfo(commitLSN: LogSequenceNumber(commit), xid: 5, commitTime: 1_795_224_131_123_000))
        for (ordinal, event) in events.enumerated() {
            var record = EventRecord()
            record.uuidHigh = commit
            record.uuidLow = UInt64(ordinal)
            record.timestamp = 1_795_269_731_123_000
            record.position = Position(commit: commit, ordinal: UInt64(ordinal))
            record.stream = stream
            record.transaction = transaction
            record.operation = event.operation
            if event.isInvalid { record.flags.insert(.invalid) }
            record.payload = Self.put(event.payload, &builder.arena)
            record.key = Self.put(event.key, &builder.arena)
            record.before = Self.put(event.before, &builder.arena)
            builder.append(record)
        }
        return builder.seal(source: source, acknowledge: commit + 1, receivedAt: 1_795_269_731_500_000)
    }

    /// Rows with these ids: in format `row` each is the line `{"id":N}`.
    func rows(_ ids: Range<Int>, commit: UInt64 = 100) -> EventBatch {
        batch(ids.map { Event(payload: "{\"id\":\($0)}") }, commit: commit)
    }

    private static func put(_ text: String, _ arena: inout ByteArena) -> ByteRange {
        let start = arena.count
        arena.append(text: text)
        return ByteRange(from: start, to: arena.count)
    }
}

extension WriteOutcome {
    /// The failure of a write that did not work; nil when it delivered.
    var failure: SinkFailure? {
        switch self {
        case .delivered, .rejected: nil
        case .refused(let failure), .failed(let failure): failure
        }
    }

    var isDelivered: Bool {
        if case .delivered = self { true } else { false }
    }
}

/// The lines `{"id":N}` of some ids.
func rowLines(_ ids: Range<Int>) -> String { ids.map { "{\"id\":\($0)}\n" }.joined() }

/// Names in a folder, sorted, those that begin with a dot last.
func names(in folder: String) -> [String] {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { ($0.hasPrefix(".") ? 1 : 0, $0) < ($1.hasPrefix(".") ? 1 : 0, $1) }
}
