/// Writes a batch as bytes, so that it can be read back by a later run, also of a later version.
///
/// Version 2, little endian; a text is its length in 4 bytes and its UTF-8:
/// version u8 · source name text · system identifier u64 · generation u64 (not in version 1) · last position u64 u64 ·
/// records to leave out u32 · acknowledge u64 · received at i64 · counts of streams, transactions and records u32 each · arena length u32 ·
/// streams · transactions · records · arena.
enum BatchWriter {
    static let version: UInt8 = 2

    /// The whole batch; `start`: records before it are left out by the reader.
    static func write(_ batch: EventBatch, start: Int, to out: inout ByteArena) {
        header(
            batch, start: start, streams: batch.streams.count, transactions: batch.transactions.count,
            records: batch.records.count, arena: batch.byteCount, last: batch.records.last?.position ?? .start, to: &out
        )
        for stream in batch.streams { write(stream, to: &out) }
        for transaction in batch.transactions { write(transaction, to: &out) }
        for record in batch.records { write(record, to: &out) }
        out.append(batch.bytes(of: ByteRange(offset: 0, count: batch.byteCount)))
    }

    /// One record alone, with only its own bytes: for dead letters. One that was set aside for its schema is written without
    /// that verdict, so that a replay delivers it as if it had never been set aside.
    static func write(_ batch: EventBatch, record index: Int, to out: inout ByteArena) {
        var original = batch.records[index]
        if !original.flags.isDisjoint(with: .setAside) {
            original.flags.subtract(.setAside.union(.invalid))
            original.validationError = .none
        }
        var record = original
        var offset = 0
        func move(_ range: ByteRange) -> ByteRange {
            guard !range.isEmpty else { return .none }
            defer { offset += Int(range.count) }
            return ByteRange(offset: offset, count: Int(range.count))
        }
        record.payload = move(original.payload)
        record.key = move(original.key)
        record.before = move(original.before)
        record.unchanged = move(original.unchanged)
        record.contexts = move(original.contexts)
        record.validationError = move(original.validationError)
        record.stream = 0
        let transaction = batch.transaction(of: original)
        record.transaction = transaction == nil ? .max : 0
        header(
            batch, start: 0, streams: 1, transactions: transaction == nil ? 0 : 1, records: 1, arena: offset,
            last: record.position, to: &out)
        write(batch.stream(of: original), to: &out)
        if let transaction { write(transaction, to: &out) }
        write(record, to: &out)
        for range in [
            original.payload, original.key, original.before, original.unchanged, original.contexts,
            original.validationError,
        ] where !range.isEmpty {
            out.append(batch.bytes(of: range))
        }
    }

    private static func header(
        _ batch: EventBatch, start: Int, streams: Int, transactions: Int, records: Int, arena: Int, last: Position,
        to out: inout ByteArena
    ) {
        out.append(version)
        out.appendText(batch.source.name)
        out.append(little: batch.source.systemIdentifier)
        out.append(little: batch.source.generation)
        out.append(little: last.commit)
        out.append(little: last.ordinal)
        out.append(little: UInt32(start))
        out.append(little: batch.acknowledge)
        out.append(little: batch.receivedAt)
        out.append(little: UInt32(streams))
        out.append(little: UInt32(transactions))
        out.append(little: UInt32(records))
        out.append(little: UInt32(arena))
    }

    private static func write(_ record: EventRecord, to out: inout ByteArena) {
        out.reserve(130)
        out.append(little: record.uuidHigh)
        out.append(little: record.uuidLow)
        out.append(little: record.timestamp)
        out.append(little: record.position.commit)
        out.append(little: record.position.ordinal)
        out.append(little: record.lsn.rawValue)
        out.append(little: record.keyHash)
        for range in [
            record.payload, record.key, record.before, record.unchanged, record.contexts, record.validationError,
        ] {
            out.append(little: range.offset)
            out.append(little: range.count)
        }
        out.append(little: record.stream)
        out.append(little: record.transaction)
        out.append(record.operation.rawValue)
        out.append(record.flags.rawValue)
    }

    private static func write(_ transaction: TransactionInfo, to out: inout ByteArena) {
        out.append(little: transaction.commitLSN.rawValue)
        out.append(little: transaction.xid)
        out.append(little: transaction.commitTime)
        out.appendOptional(transaction.origin)
    }

    private static func write(_ stream: StreamDescriptor, to out: inout ByteArena) {
        for text in [
            stream.database, stream.schemaName, stream.table, stream.schema.vendor, stream.schema.name,
            stream.schema.format, stream.protocol,
        ] {
            out.appendText(text)
        }
        out.append(little: UInt32(stream.schema.version.model))
        out.append(little: UInt32(stream.schema.version.revision))
        out.append(little: UInt32(stream.schema.version.addition))
        out.append(little: UInt32(stream.keyColumns.count))
        for column in stream.keyColumns { out.append(little: UInt32(column)) }
        out.append(little: UInt32(stream.columns.count))
        for column in stream.columns {
            out.appendText(column.name)
            out.appendText(column.sqlType)
            write(column.kind, to: &out)
            out.append(UInt8((column.isNullable ? 1 : 0) | (column.isKey ? 2 : 0)))
            out.append(little: column.typeOID)
            out.append(little: UInt32(bitPattern: column.typeModifier))
            out.appendOptional(column.comment)
            out.append(little: UInt32(column.enumLabels.count))
            for label in column.enumLabels { out.appendText(label) }
        }
    }

    /// The numbers of the kinds are part of the format.
    private static func write(_ kind: StreamDescriptor.Kind, to out: inout ByteArena) {
        switch kind {
        case .boolean: out.append(1 as UInt8)
        case .integer(let bits):
            out.append(2 as UInt8)
            out.append(little: UInt32(bits))
        case .float(let bits):
            out.append(3 as UInt8)
            out.append(little: UInt32(bits))
        case .numeric(let precision, let scale):
            out.append(4 as UInt8)
            out.appendOptional(precision)
            out.appendOptional(scale)
        case .string(let maxLength):
            out.append(5 as UInt8)
            out.appendOptional(maxLength)
        case .uuid: out.append(6 as UInt8)
        case .date: out.append(7 as UInt8)
        case .time(let withZone): out.append((withZone ? 9 : 8) as UInt8)
        case .timestamp(let withZone): out.append((withZone ? 11 : 10) as UInt8)
        case .interval: out.append(12 as UInt8)
        case .bytes: out.append(13 as UInt8)
        case .json: out.append(14 as UInt8)
        case .hstore: out.append(15 as UInt8)
        case .enumeration: out.append(16 as UInt8)
        case .array(let element):
            out.append(17 as UInt8)
            write(element, to: &out)
        case .composite(let fields):
            out.append(18 as UInt8)
            out.append(little: UInt32(fields.count))
            for field in fields {
                out.appendText(field.name)
                write(field.kind, to: &out)
            }
        case .text: out.append(19 as UInt8)
        }
    }
}

extension ByteArena {
    package mutating func append<Value: FixedWidthInteger>(little value: Value) {
        withUnsafeBytes(of: value.littleEndian) { append($0) }
    }

    mutating func appendText(_ text: String) {
        var text = text
        text.withUTF8 {
            append(little: UInt32($0.count))
            append(UnsafeRawBufferPointer($0))
        }
    }

    mutating func appendOptional(_ text: String?) {
        append((text == nil ? 0 : 1) as UInt8)
        if let text { appendText(text) }
    }

    mutating func appendOptional(_ number: Int?) {
        append((number == nil ? 0 : 1) as UInt8)
        if let number { append(little: Int64(number)) }
    }
}
