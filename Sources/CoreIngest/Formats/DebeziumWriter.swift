/// Writes the events of one batch as Debezium's JSON converter without schemas does, so that consumers built for it work on.
///
/// Field names and meaning: Debezium's PostgreSQL connector, "Data change events". Where the two differ:
/// - the columns that an old key does not have are absent from `before`, where Debezium writes null;
/// - an update that changes the key is one `u` with the old key in `before`, where Debezium writes a delete and a create;
/// - `source.sequence` starts with the commit LSN of this transaction, where Debezium puts that of the one before;
/// - a column that Postgres did not send holds ``unavailable`` whatever its type, and comes last in `after`;
/// - a collected event is written as a create;
/// - the announcement of a table's new schema, which Debezium's PostgreSQL connector does not make, is written as a logical message
///   with the prefix ``schemaChangePrefix``, whose content is the payload.
struct DebeziumWriter: ~Copyable {
    /// Debezium's placeholder for a value that it could not know.
    static let unavailable: StaticString = "\"__debezium_unavailable_value\""

    /// The prefix of the message that announces a table's new schema.
    static let schemaChangePrefix: StaticString = "buz.schema_change"

    private struct Stream {
        /// From `,"source":{` to the source's name.
        var source: ByteRange
        /// `"schema":…,"table":…`
        var table: ByteRange
        /// `"db":…`
        var database: ByteRange
    }

    private let batch: EventBatch
    private var fragments = ByteArena(capacity: 2048)
    private var streams: [Stream] = []
    /// `"ts_ms":…,"ts_us":…,"ts_ns":…` of each transaction.
    private var commitTimes: [ByteRange] = []
    /// From the operation to the end of the line: the time at which the batch was taken in.
    private var tail: ByteRange = .none

    init(batch: EventBatch, instance: EventRenderer.Instance) {
        self.batch = batch
        for stream in batch.streams {
            let start = fragments.count
            fragments.append(",\"source\":{\"version\":")
            fragments.appendJSONString(text: instance.version)
            fragments.append(",\"connector\":\"postgresql\",\"name\":")
            fragments.appendJSONString(text: batch.source.name)
            fragments.append(UInt8(ascii: ","))
            let source = fragments.count
            fragments.append("\"schema\":")
            fragments.appendJSONString(text: stream.schemaName)
            fragments.append(",\"table\":")
            fragments.appendJSONString(text: stream.table)
            let table = fragments.count
            fragments.append("\"db\":")
            fragments.appendJSONString(text: stream.database)
            streams.append(
                Stream(
                    source: ByteRange(from: start, to: source), table: ByteRange(from: source, to: table),
                    database: ByteRange(from: table, to: fragments.count)))
        }
        for transaction in batch.transactions {
            let start = fragments.count
            Self.append(time: transaction.commitTime, to: &fragments)
            commitTimes.append(ByteRange(from: start, to: fragments.count))
        }
        let start = fragments.count
        fragments.append("\",")
        Self.append(time: batch.receivedAt, to: &fragments)
        fragments.append(UInt8(ascii: "}"))
        tail = ByteRange(from: start, to: fragments.count)
    }

    /// Appends the line of record `index`, with its newline; nothing for a control mark.
    func write(_ index: Int, to line: inout ByteArena) {
        let record = batch.records[index]
        if record.operation.isControl { return }
        let start = line.count
        switch record.operation {
        case .message:
            line.append("{\"message\":")
            writeMessage(batch.bytes(of: record.payload), to: &line)
        case .schemaChange:
            line.append("{\"message\":{\"prefix\":\"")
            line.append(Self.schemaChangePrefix)
            line.append("\",\"content\":\"")
            line.append(base64: batch.bytes(of: record.payload))
            line.append("\"}")
        case .truncate:
            line.append("{\"before\":null,\"after\":null")
        case .delete:
            line.append("{\"before\":")
            line.append(payload: record.before.isEmpty ? record.payload : record.before, of: batch)
            line.append(",\"after\":null")
        case .none, .create, .update, .read, .snapshotBegin, .snapshotEnd:
            line.append("{\"before\":")
            line.append(payload: record.before, of: batch)
            line.append(",\"after\":")
            writeAfter(record, to: &line)
        }
        writeSource(record, to: &line)
        line.append(",\"transaction\":null,\"op\":\"")
        line.append(Self.letter(of: record.operation))
        line.append(fragments[tail])
        line.endLine(from: start)
    }

    private static func letter(of operation: Operation) -> UInt8 {
        switch operation {
        case .none: Operation.create.rawValue
        case .schemaChange: Operation.message.rawValue
        case .create, .update, .delete, .read, .truncate, .message, .snapshotBegin, .snapshotEnd: operation.rawValue
        }
    }

    /// A logical message, whose payload is `{"prefix":…,"content":…}` with the content as text, or as `\x` and hexadecimal digits
    /// where it is none (a text that looks so cannot be told apart). Debezium has the content's bytes in base64.
    private func writeMessage(_ payload: UnsafeRawBufferPointer, to line: inout ByteArena) {
        var reader = JSONReader()
        guard let view = try? reader.read(payload), let prefix = view.member(0, named: "prefix"),
            let content = view.member(0, named: "content")
        else {
            line.append(payload)
            return
        }
        var text = ByteArena(capacity: payload.count)
        guard view.appendString(content, to: &text) else {
            line.append(payload)
            return
        }
        line.append("{\"prefix\":")
        line.append(view.text(prefix))
        line.append(",\"content\":\"")
        if let bytes = Self.bytes(ofHexadecimal: text.bytes) {
            line.append(base64: bytes.bytes)
        } else {
            line.append(base64: text.bytes)
        }
        line.append("\"}")
    }

    private static func bytes(ofHexadecimal text: UnsafeRawBufferPointer) -> ByteArena? {
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            return nil
        }
        var bytes = ByteArena(capacity: text.count / 2)
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = JSONString.hexValue(text[index]), let low = JSONString.hexValue(text[index + 1]) else {
                return nil
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }

    private func writeSource(_ record: EventRecord, to line: inout ByteArena) {
        let stream = streams[Int(record.stream)]
        let isSnapshot = record.flags.contains(.snapshot)
        let position = record.position.eventCommit &+ (isSnapshot ? 1 : 0)
        let lsn = record.lsn == .none ? position : record.lsn.rawValue
        line.append(fragments[stream.source])
        if record.transaction == .max {
            Self.append(time: record.timestamp, to: &line)
        } else {
            line.append(fragments[commitTimes[Int(record.transaction)]])
        }
        if isSnapshot { line.append(",\"snapshot\":\"true\",") } else { line.append(",\"snapshot\":\"false\",") }
        line.append(fragments[stream.database])
        line.append(",\"sequence\":\"[\\\"")
        line.append(decimal: position)
        line.append("\\\",\\\"")
        line.append(decimal: lsn)
        line.append("\\\"]\",")
        line.append(fragments[stream.table])
        let xid = batch.transaction(of: record)?.xid ?? 0
        if xid == 0 {
            line.append(",\"txId\":null,\"lsn\":")
        } else {
            line.append(",\"txId\":")
            line.append(decimal: UInt64(xid))
            line.append(",\"lsn\":")
        }
        line.append(decimal: lsn)
        line.append(",\"xmin\":null}")
    }

    /// The new row, with the placeholder for the columns that were not sent.
    private func writeAfter(_ record: EventRecord, to line: inout ByteArena) {
        guard !record.unchanged.isEmpty, record.payload.count >= 2 else {
            line.append(payload: record.payload, of: batch)
            return
        }
        let row = batch.bytes(of: record.payload)
        line.append(UnsafeRawBufferPointer(rebasing: row.dropLast(1)))
        var needsComma = row.count > 2
        let names = batch.bytes(of: record.unchanged)
        var index = 0
        while index < names.count {
            // One JSON string, from quote to quote.
            let start = index
            index += 1
            while index < names.count, names[index] != UInt8(ascii: "\"") {
                index += names[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            index = min(index + 1, names.count)
            if needsComma { line.append(UInt8(ascii: ",")) }
            line.append(UnsafeRawBufferPointer(rebasing: names[start..<index]))
            line.append(UInt8(ascii: ":"))
            line.append(Self.unavailable)
            needsComma = true
            // The comma between two names.
            index += 1
        }
        line.append(UInt8(ascii: "}"))
    }

    /// `"ts_ms":…,"ts_us":…,"ts_ns":…`
    private static func append(time microseconds: Int64, to arena: inout ByteArena) {
        arena.append("\"ts_ms\":")
        arena.append(decimal: microseconds / 1000)
        arena.append(",\"ts_us\":")
        arena.append(decimal: microseconds)
        // Nanoseconds leave 64 bits in the year 2262: three digits are appended, so that none is lost.
        arena.append(",\"ts_ns\":")
        arena.append(decimal: microseconds)
        if microseconds != 0 { arena.append("000") }
    }
}
