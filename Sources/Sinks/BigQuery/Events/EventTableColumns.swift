import CoreIngest

/// The columns of a table of events, and the values that an event has in them.
enum EventTableColumns {
    struct Column {
        var name: String
        var type: String
        var wire: RowDescriptor.Wire
    }

    static let all = [
        Column(name: "uuid", type: "STRING", wire: .string),
        Column(name: "occurred_at", type: "TIMESTAMP", wire: .int64),
        Column(name: "received_at", type: "TIMESTAMP", wire: .int64),
        Column(name: "schema", type: "STRING", wire: .string),
        Column(name: "is_valid", type: "BOOL", wire: .bool),
        Column(name: "op", type: "STRING", wire: .string),
        Column(name: "table_name", type: "STRING", wire: .string),
        Column(name: "source", type: "STRING", wire: .string),
        Column(name: "position", type: "STRING", wire: .string),
        Column(name: "event", type: "STRING", wire: .string),
    ]

    static let descriptor = RowDescriptor(fields: all.map { RowDescriptor.Field(name: $0.name, wire: $0.wire) })

    /// Microseconds of 0001-01-01 to 9999-12-31: what a TIMESTAMP can hold.
    static let timestamps: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    /// What all events of a batch's stream share: prepared once, written often.
    struct Shared {
        let schema: [UInt8]
        /// Nil for what was collected.
        let table: [UInt8]?
        let source: [UInt8]

        init(_ stream: StreamDescriptor, _ source: SourceIdentity) {
            schema = Array(stream.schema.description.utf8)
            table = stream.table.isEmpty ? nil : Array(stream.qualifiedName.utf8)
            self.source = Array(source.description.utf8)
        }
    }

    /// Writes an event as a message of ``descriptor``.
    static func encode(
        _ record: EventRecord, of batch: EventBatch, _ shared: Shared, _ event: UnsafeRawBufferPointer,
        into row: inout ByteArena
    ) {
        row.append(field: 1, beginningBytes: 36)
        row.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        if timestamps.contains(record.timestamp) { row.append(field: 2, integer: record.timestamp) }
        row.append(field: 3, integer: batch.receivedAt)
        shared.schema.withUnsafeBytes { row.append(field: 4, bytes: $0) }
        row.append(field: 5, varint: record.isInvalid ? 0 : 1)
        if record.operation != .none {
            row.append(field: 6, beginningBytes: 1)
            row.append(record.operation.rawValue)
        }
        shared.table?.withUnsafeBytes { row.append(field: 7, bytes: $0) }
        shared.source.withUnsafeBytes { row.append(field: 8, bytes: $0) }
        row.append(field: 9, beginningBytes: PositionText.bytes)
        row.append(positionText: record.position)
        row.append(field: 10, bytes: event)
    }

    /// Writes an event as a JSON object with the same columns.
    static func writeJSON(
        _ record: EventRecord, of batch: EventBatch, _ shared: Shared, _ event: UnsafeRawBufferPointer,
        into row: inout ByteArena
    ) {
        row.append("{\"uuid\":\"")
        row.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        if timestamps.contains(record.timestamp) {
            row.append("\",\"occurred_at\":\"")
            row.append(timestamp: record.timestamp)
        }
        row.append("\",\"received_at\":\"")
        row.append(timestamp: batch.receivedAt)
        row.append("\",\"schema\":")
        shared.schema.withUnsafeBytes { row.appendJSONString($0) }
        row.append(record.isInvalid ? ",\"is_valid\":false" : ",\"is_valid\":true")
        if record.operation != .none {
            row.append(",\"op\":\"")
            row.append(record.operation.rawValue)
            row.append("\"")
        }
        if let table = shared.table {
            row.append(",\"table_name\":")
            table.withUnsafeBytes { row.appendJSONString($0) }
        }
        row.append(",\"source\":")
        shared.source.withUnsafeBytes { row.appendJSONString($0) }
        row.append(",\"position\":\"")
        row.append(positionText: record.position)
        row.append("\",\"event\":")
        row.appendJSONString(event)
        row.append("}")
    }
}

/// A position as a text whose order is that of positions: commit and rank, 16 hexadecimal digits each.
enum PositionText {
    static let bytes = 33

    /// The rank puts an announcement, whose highest bit is set, directly behind the event of its other bits.
    static func rank(_ position: Position) -> UInt64 { position.ordinal << 1 | position.ordinal >> 63 }

    static func text(_ position: Position) -> String {
        var text = ByteArena(capacity: bytes)
        text.append(positionText: position)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// The position that a text is of; nil for what is none.
    static func position(_ text: String) -> Position? {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let commit = UInt64(parts[0], radix: 16), let rank = UInt64(parts[1], radix: 16) else {
            return nil
        }
        return Position(commit: commit, ordinal: rank >> 1 | rank << 63)
    }
}

extension ByteArena {
    mutating func append(positionText position: Position) {
        append(hex: position.commit, digits: 16)
        append(UInt8(ascii: "/"))
        append(hex: PositionText.rank(position), digits: 16)
    }
}
