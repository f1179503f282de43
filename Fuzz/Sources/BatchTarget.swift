@testable import CoreIngest

/// A batch as the park and the dead letters hold it on a disk.
enum BatchTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        var reader = BatchReader(input)
        guard let (batch, start) = try? reader.batch() else { return }
        checkRoundTrip(batch, start: start)
        for format in EventFormat.allCases {
            let rendered = batch.rendered(as: format, by: SampleTable.renderer)
            for (index, record) in batch.records.enumerated() {
                let lines = rendered.lines(index..<index + 1)
                promise(
                    record.operation.isControl
                        ? lines.isEmpty : lines.last == 0x0A && !lines.dropLast().contains(0x0A),
                    "not one line as \(format): \(EventPromises.text(lines))")
            }
        }
    }

    /// Written, read and written again: the same bytes. Each record alone too.
    static func checkRoundTrip(_ batch: EventBatch, start: Int) {
        var first = ByteArena(capacity: 1024)
        BatchWriter.write(batch, start: start, to: &first)
        var reader = BatchReader(first.bytes)
        guard let again = try? reader.batch() else {
            promise(false, "what was written cannot be read")
            return
        }
        promise(again.start == start, "another start")
        var second = ByteArena(capacity: 1024)
        BatchWriter.write(again.batch, start: again.start, to: &second)
        promise(first.bytes.elementsEqual(second.bytes), "what was read is written otherwise")
        for index in batch.records.indices { checkAlone(batch, index) }
    }

    private static func checkAlone(_ batch: EventBatch, _ index: Int) {
        var bytes = ByteArena(capacity: 1024)
        BatchWriter.write(batch, record: index, to: &bytes)
        var reader = BatchReader(bytes.bytes)
        guard let (alone, start) = try? reader.batch(), start == 0, alone.records.count == 1 else {
            promise(false, "a record alone cannot be read")
            return
        }
        var one = batch.records[index]
        let other = alone.records[0]
        // The verdict of one that was set aside for its schema stays behind.
        if !one.flags.isDisjoint(with: .setAside) {
            promise(other.flags.isDisjoint(with: .setAside.union(.invalid)), "a record alone is still set aside")
            one.validationError = .none
        }
        for (left, right) in [
            (one.payload, other.payload), (one.key, other.key), (one.before, other.before),
            (one.unchanged, other.unchanged), (one.contexts, other.contexts),
            (one.validationError, other.validationError),
        ] {
            promise(batch.bytes(of: left).elementsEqual(alone.bytes(of: right)), "a record alone has other bytes")
        }
        promise(
            batch.stream(of: one).qualifiedName == alone.stream(of: other).qualifiedName
                && batch.transaction(of: one) == alone.transaction(of: other),
            "a record alone has another stream or transaction")
    }

    // MARK: Seeds

    static var seeds: [(name: String, bytes: [UInt8])] {
        [("empty", bytes(of: [])), ("insert", bytes(of: [.create])), ("all", bytes(of: everyOperation))]
    }

    private static let everyOperation: [Operation] = [
        .snapshotBegin, .read, .snapshotEnd, .create, .update, .delete, .truncate, .message, .none,
    ]

    private static func bytes(of operations: [Operation]) -> [UInt8] {
        var builder = EventBatchBuilder(capacity: 256)
        guard let schema = SchemaName(vendor: "com.acme", name: "orders", version: .first) else { return [] }
        let kinds: [StreamDescriptor.Kind] = [
            .boolean, .integer(bits: 64), .float(bits: 32), .numeric(precision: 12, scale: 2), .string(maxLength: nil),
            .uuid, .date, .time(withZone: true), .timestamp(withZone: false), .interval, .bytes, .json, .hstore,
            .enumeration, .array(of: .text), .composite([.init(name: "n", kind: .integer(bits: 32))]), .text,
        ]
        let columns = kinds.enumerated().map { index, kind in
            StreamDescriptor.Column(
                name: "c\(index)", sqlType: "t", kind: kind, isKey: index == 1, typeOID: 20,
                comment: index == 1 ? "c" : nil, enumLabels: kind == .enumeration ? ["a", "b"] : [])
        }
        let table = StreamDescriptor(
            database: "shop", schemaName: "public", table: "orders", columns: columns, keyColumns: [1], schema: schema,
            validator: nil)
        if !operations.isEmpty {
            let transaction = builder.add(
                TransactionInfo(commitLSN: LogSequenceNumber(9), xid: 7, commitTime: 1_000_000, origin: "north"))
            let stream = builder.index(of: table)
            for (index, operation) in operations.enumerated() {
                var record = EventRecord()
                record.operation = operation
                record.position = Position(commit: 9, ordinal: UInt64(index))
                record.stream = stream
                record.transaction = operation == .read || operation.isControl ? .max : transaction
                record.flags = operation == .read ? .snapshot : []
                record.payload = builder.added(
                    operation == .message ? #"{"prefix":"p","content":"\\x61"}"# : #"{"c1":1}"#)
                record.key = builder.added(#"{"c1":1}"#)
                if operation == .update { record.unchanged = builder.added(#""c4","c 5""#) }
                if operation == .delete { record.before = builder.added(#"{"c1":1}"#) }
                builder.append(record)
            }
        }
        let batch = builder.seal(
            source: SourceIdentity(name: "shop", systemIdentifier: 7), acknowledge: 10, receivedAt: 5)
        var out = ByteArena(capacity: 1024)
        BatchWriter.write(batch, start: 0, to: &out)
        return Array(out.bytes)
    }
}

extension EventBatchBuilder {
    fileprivate mutating func added(_ json: String) -> ByteRange {
        let start = arena.count
        arena.append(text: json)
        return ByteRange(from: start, to: arena.count)
    }
}
