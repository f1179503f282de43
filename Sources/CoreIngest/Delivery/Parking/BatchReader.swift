/// Reads what ``BatchWriter`` wrote. Checks every bound: the bytes come from a disk.
struct BatchReader {
    /// The bytes are not a batch, or one of a version that this build does not know.
    struct Malformed: Error, Equatable {
        var offset: Int
    }

    /// What comes first: enough to know where the batch belongs.
    struct Header: Equatable {
        var source: SourceIdentity
        var last: Position
        var start: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// `bytes` must stay valid while this reader is used.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func header() throws(Malformed) -> Header {
        let version = try integer(UInt8.self)
        guard (1...BatchWriter.version).contains(version) else { throw Malformed(offset: 0) }
        let source = SourceIdentity(
            name: try text(), systemIdentifier: try integer(), generation: version == 1 ? 0 : try integer())
        let last = Position(commit: try integer(), ordinal: try integer())
        return Header(source: source, last: last, start: Int(try integer(UInt32.self)))
    }

    /// The batch, and the index of its first record that counts.
    mutating func batch() throws(Malformed) -> (batch: EventBatch, start: Int) {
        let header = try header()
        let acknowledge = try integer(UInt64.self)
        let receivedAt = try integer(Int64.self)
        let streamCount = try count(atLeast: 40)
        let transactionCount = try count(atLeast: 21)
        let recordCount = try count(atLeast: 114)
        let arenaBytes = try count(atLeast: 1)
        var streams: [StreamDescriptor] = []
        for _ in 0..<streamCount { streams.append(try stream()) }
        var transactions: [TransactionInfo] = []
        for _ in 0..<transactionCount {
            transactions.append(
                TransactionInfo(
                    commitLSN: LogSequenceNumber(try integer()), xid: try integer(), commitTime: try integer(),
                    origin: try optionalText()))
        }
        var records: [EventRecord] = []
        records.reserveCapacity(recordCount)
        for _ in 0..<recordCount {
            records.append(try record(streams: streamCount, transactions: transactionCount, arena: arenaBytes))
        }
        let content = try take(arenaBytes)
        guard offset == bytes.count, header.start <= recordCount else { throw Malformed(offset: offset) }
        var arena = ByteArena(capacity: arenaBytes)
        arena.append(content)
        let batch = EventBatch(
            source: header.source, records: records, streams: streams, transactions: transactions,
            acknowledge: acknowledge, receivedAt: receivedAt, base: arena.takeStorage(), byteCount: arenaBytes,
            storageBytes: arenaBytes)
        return (batch, header.start)
    }

    private mutating func record(streams: Int, transactions: Int, arena: Int) throws(Malformed) -> EventRecord {
        let began = offset
        var record = EventRecord()
        record.uuidHigh = try integer()
        record.uuidLow = try integer()
        record.timestamp = try integer()
        record.position = Position(commit: try integer(), ordinal: try integer())
        record.lsn = LogSequenceNumber(try integer())
        record.keyHash = try integer()
        record.payload = try range(within: arena)
        record.key = try range(within: arena)
        record.before = try range(within: arena)
        record.unchanged = try range(within: arena)
        record.contexts = try range(within: arena)
        record.validationError = try range(within: arena)
        record.stream = try integer()
        record.transaction = try integer()
        guard let operation = Operation(rawValue: try integer()) else { throw Malformed(offset: began) }
        record.operation = operation
        record.flags = EventRecord.Flags(rawValue: try integer())
        guard Int(record.stream) < streams, record.transaction == .max || Int(record.transaction) < transactions else {
            throw Malformed(offset: began)
        }
        return record
    }

    private mutating func stream() throws(Malformed) -> StreamDescriptor {
        let began = offset
        let database = try text()
        let schemaName = try text()
        let table = try text()
        let vendor = try text()
        let name = try text()
        let format = try text()
        let protocolName = try text()
        let version = SchemaVersion(
            model: Int(try integer(UInt32.self)), revision: Int(try integer(UInt32.self)),
            addition: Int(try integer(UInt32.self)))
        guard let schema = SchemaName(vendor: vendor, name: name, format: format, version: version) else {
            throw Malformed(offset: began)
        }
        var keyColumns: [Int] = []
        for _ in 0..<(try count(atLeast: 4)) { keyColumns.append(Int(try integer(UInt32.self))) }
        var columns: [StreamDescriptor.Column] = []
        for _ in 0..<(try count(atLeast: 20)) { columns.append(try column()) }
        guard keyColumns.allSatisfy({ $0 < columns.count }) else { throw Malformed(offset: began) }
        return StreamDescriptor(
            database: database, schemaName: schemaName, table: table, columns: columns, keyColumns: keyColumns,
            schema: schema, validator: nil, protocol: protocolName)
    }

    private mutating func column() throws(Malformed) -> StreamDescriptor.Column {
        let name = try text()
        let sqlType = try text()
        let kind = try kind(depth: 0)
        let flags = try integer(UInt8.self)
        let oid = try integer(UInt32.self)
        let modifier = Int32(bitPattern: try integer(UInt32.self))
        let comment = try optionalText()
        var labels: [String] = []
        for _ in 0..<(try count(atLeast: 4)) { labels.append(try text()) }
        return StreamDescriptor.Column(
            name: name, sqlType: sqlType, kind: kind, isNullable: flags & 1 != 0, isKey: flags & 2 != 0, typeOID: oid,
            typeModifier: modifier, comment: comment, enumLabels: labels)
    }

    private mutating func kind(depth: Int) throws(Malformed) -> StreamDescriptor.Kind {
        // Types nest a few levels; the bound keeps damaged bytes from exhausting the stack.
        guard depth < 64 else { throw Malformed(offset: offset) }
        switch try integer(UInt8.self) {
        case 1: return .boolean
        case 2: return .integer(bits: Int(try integer(UInt32.self)))
        case 3: return .float(bits: Int(try integer(UInt32.self)))
        case 4: return .numeric(precision: try optionalNumber(), scale: try optionalNumber())
        case 5: return .string(maxLength: try optionalNumber())
        case 6: return .uuid
        case 7: return .date
        case 8: return .time(withZone: false)
        case 9: return .time(withZone: true)
        case 10: return .timestamp(withZone: false)
        case 11: return .timestamp(withZone: true)
        case 12: return .interval
        case 13: return .bytes
        case 14: return .json
        case 15: return .hstore
        case 16: return .enumeration
        case 17: return .array(of: try kind(depth: depth + 1))
        case 18:
            var fields: [StreamDescriptor.CompositeField] = []
            for _ in 0..<(try count(atLeast: 5)) {
                fields.append(StreamDescriptor.CompositeField(name: try text(), kind: try kind(depth: depth + 1)))
            }
            return .composite(fields)
        case 19: return .text
        default: throw Malformed(offset: offset)
        }
    }

    private mutating func take(_ count: Int) throws(Malformed) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - offset else { throw Malformed(offset: offset) }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _: Value.Type = Value.self
    ) throws(Malformed) -> Value {
        Value(littleEndian: try take(MemoryLayout<Value>.size).loadUnaligned(as: Value.self))
    }

    /// A number of things that take at least so many bytes each, so that damaged counts do not allocate.
    private mutating func count(atLeast bytesEach: Int) throws(Malformed) -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= (bytes.count - offset) / bytesEach else { throw Malformed(offset: offset) }
        return count
    }

    private mutating func range(within arena: Int) throws(Malformed) -> ByteRange {
        let start = Int(try integer(UInt32.self))
        let count = Int(try integer(UInt32.self))
        guard start + count <= arena else { throw Malformed(offset: offset) }
        return ByteRange(offset: start, count: count)
    }

    private mutating func text() throws(Malformed) -> String {
        String(decoding: try take(try count(atLeast: 1)), as: UTF8.self)
    }

    private mutating func optionalText() throws(Malformed) -> String? {
        try integer(UInt8.self) == 0 ? nil : try text()
    }

    private mutating func optionalNumber() throws(Malformed) -> Int? {
        try integer(UInt8.self) == 0 ? nil : Int(truncatingIfNeeded: try integer(Int64.self))
    }
}
