import CoreIngest

/// Writes changes as rows of the staging table. A cell is `V` and the value's text, or `N` for NULL; one that is absent was not sent.
struct StagedChangeWriter: ~Copyable {
    private var row: MirrorRow
    private var oldRow: MirrorRow
    private let mirror: SnowflakeMirror
    private let source: String

    /// Bytes of one value: of a VARCHAR or VARIANT, and of the hexadecimal digits of a BINARY.
    private static let mostBytes = 16_000_000
    private static let mostBinaryDigits = 2 * 8_388_608

    init(_ mirror: SnowflakeMirror, source: String) {
        self.mirror = mirror
        self.source = source
        row = MirrorRow(mirror.shape)
        oldRow = row
    }

    /// Appends the lines of a change. Answers nil, or why the destination cannot have it; then what was appended is to be dropped.
    mutating func write(_ record: EventRecord, of batch: EventBatch, to rows: inout ByteArena) -> String? {
        row.clear()
        switch record.operation {
        case .snapshotBegin: return begin("t", 1, record, &rows, end: true)
        case .truncate where !mirror.shape.key.isEmpty: return begin("t", 1, record, &rows, end: true)
        case .delete where !mirror.shape.key.isEmpty:
            guard row.take(batch.bytes(of: record.key.isEmpty ? record.payload : record.key)), hasKey(row) else {
                return "the change does not tell its row's key"
            }
            _ = begin("d", 1, record, &rows, end: false)
            return cells(row, mirror.shape.key, &rows)
        case .snapshotEnd, .none, .message, .schemaChange: return nil
        case .create, .update, .read, .delete, .truncate: break
        }
        if !record.payload.isEmpty, !row.take(batch.bytes(of: record.payload)) {
            return "the payload is not a JSON object"
        }
        let all = Array(mirror.stream.columns.indices)
        guard !mirror.shape.key.isEmpty else {
            _ = begin("a", 1, record, &rows, end: false)
            return cells(row, all, &rows, change: record)
        }
        guard hasKey(row) else { return "the change does not tell its row's key" }
        guard record.flags.contains(.keyChanged), !record.before.isEmpty else {
            _ = begin("u", 1, record, &rows, end: false)
            return cells(row, all, &rows)
        }
        oldRow.clear()
        guard oldRow.take(batch.bytes(of: record.before)), hasKey(oldRow) else {
            return "the change does not tell its row's key"
        }
        if record.unchanged.isEmpty {
            _ = begin("d", 1, record, &rows, end: false)
            if let problem = cells(oldRow, mirror.shape.key, &rows) { return problem }
            _ = begin("u", 2, record, &rows, end: false)
            return cells(row, all, &rows)
        }
        // Only the mirror has the row's other columns: it is moved there.
        _ = begin("k", 1, record, &rows, end: false)
        return cells(row, all, &rows, old: true)
    }

    private func hasKey(_ row: borrowing MirrorRow) -> Bool {
        mirror.shape.key.allSatisfy { row.values[$0].map { !$0.isJSONNull } ?? false }
    }

    private func begin(_ op: StaticString, _ part: Int, _ record: EventRecord, _ rows: inout ByteArena, end: Bool)
        -> String?
    {
        rows.append("{\"SOURCE\":")
        rows.appendJSONString(text: source)
        rows.append(",\"SEQ\":\"")
        rows.append(padded: record.position)
        rows.append("_")
        rows.append(decimal: UInt64(part))
        rows.append("\",\"TARGET\":")
        rows.appendJSONString(text: mirror.name)
        rows.append(mirror.keyMember)
        rows.append(",\"OP\":\"")
        rows.append(op)
        rows.append("\"")
        if end { rows.append("}\n") }
        return nil
    }

    private func cells(
        _ row: borrowing MirrorRow, _ columns: [Int], _ rows: inout ByteArena, old: Bool = false,
        change: EventRecord? = nil
    ) -> String? {
        rows.append(",\"CELLS\":{")
        var isFirst = true
        for index in columns {
            guard let value = row.values[index] else { continue }
            if !isFirst { rows.append(",") }
            isFirst = false
            if let problem = cell(value, index, &rows) { return problem }
        }
        if let change {
            for (name, value) in zip(
                mirror.changeColumns,
                [
                    String(Unicode.Scalar(change.operation.rawValue)),
                    "\(LogSequenceNumber(change.position.eventCommit))",
                    "\(change.position.number)",
                ])
            {
                if !isFirst { rows.append(",") }
                isFirst = false
                rows.appendJSONString(text: SnowflakeMirror.cell(name))
                rows.append(":")
                rows.appendJSONString(text: "V\(value)")
            }
        }
        rows.append("}")
        if old {
            rows.append(",\"OLD_KEY\":{")
            for (place, index) in mirror.shape.key.enumerated() {
                guard let value = oldRow.values[index] else { continue }
                if place > 0 { rows.append(",") }
                if let problem = cell(value, index, &rows) { return problem }
            }
            rows.append("}")
        }
        rows.append("}\n")
        return nil
    }

    private func cell(_ value: UnsafeRawBufferPointer, _ index: Int, _ rows: inout ByteArena) -> String? {
        rows.append(mirror.cellNames[index])
        if value.isJSONNull {
            rows.append("\"N\"")
            return nil
        }
        rows.append("\"V")
        let problem = text(value, mirror.types[index], &rows)
        rows.append("\"")
        return problem.map { "column \(mirror.stream.columns[index].name) \($0)" }
    }

    /// The value's text, escaped as within a JSON string; or why the column cannot have it, as the end of "column C …".
    private func text(_ value: UnsafeRawBufferPointer, _ type: SnowflakeType, _ rows: inout ByteArena) -> String? {
        guard value.count <= Self.mostBytes || type == .binary else { return "has a value of more than 16 MB" }
        let isString = value.first == UInt8(ascii: "\"")
        // Escapes stay as they are.
        let content = isString ? UnsafeRawBufferPointer(rebasing: value[1..<max(1, value.count - 1)]) : value
        switch type {
        case .variant: rows.appendJSONStringContent(value)
        case .number:
            if isString { return "has NaN or an infinity, which a NUMBER cannot hold" }
            rows.append(content)
        case .float:
            switch content.first {
            case UInt8(ascii: "I")?: rows.append("inf")
            case UInt8(ascii: "-")? where content.count > 1 && content[1] == UInt8(ascii: "I"): rows.append("-inf")
            default: rows.append(content)
            }
        case .date, .timestamp, .timestampTZ: time(content, type, &rows)
        case .time:
            if content.first == UInt8(ascii: "2"), content.count > 1, content[1] == UInt8(ascii: "4") {
                return "has 24:00:00, which a TIME cannot hold"
            }
            rows.append(content)
        case .binary:
            // `\\x` with its escape, then the digits.
            guard content.count >= 3, content.count - 3 <= Self.mostBinaryDigits else {
                return "has a value of more than 8 MB"
            }
            rows.append(UnsafeRawBufferPointer(rebasing: content[3...]))
        case .boolean: rows.append(content)
        case .varchar: if isString { rows.append(content) } else { rows.appendJSONStringContent(content) }
        }
        return nil
    }

    private func time(_ content: UnsafeRawBufferPointer, _ type: SnowflakeType, _ rows: inout ByteArena) {
        switch CalendarText(content) {
        case .before?:
            rows.append(text: SnowflakeTypes.firstDay)
            if type != .date { rows.append(type == .timestampTZ ? "T00:00:00Z" : "T00:00:00") }
        case .after?:
            rows.append(text: SnowflakeTypes.lastDay)
            if type != .date { rows.append(type == .timestampTZ ? "T23:59:59.999999Z" : "T23:59:59.999999") }
        case .time?, nil: rows.append(content)
        }
    }
}
