import CoreIngest

/// One event in one line, for people:
/// `14:02:11.123  u  public.orders  id=42  status: "paid" → "shipped"  1-0-0`
///
/// Time of day in UTC, operation, table (or the schema's name), key, what changed, the schema's version. Values stand as in
/// JSON, long ones cut.
struct SummaryLine {
    let usesColor: Bool
    /// Columns of the terminal; nil: lines may be as long as they like.
    let width: Int?

    /// Columns that one value may take.
    private static let valueColumns = 40
    /// Members shown of one event.
    private static let memberCount = 24

    /// The line of one event with its newline; empty for a control mark.
    func bytes(of record: EventRecord, in batch: EventBatch) -> [UInt8] {
        guard !record.operation.isControl else { return [] }
        let stream = batch.stream(of: record)
        let version = "\(stream.schema.version)"
        var line = TerminalText(usesColor: usesColor)
        // The version stands at the end also where the middle is cut.
        let limit = width.map { max(8, $0 - version.utf8.count - 2) } ?? .max
        line.append(Timestamp.text(record.timestamp).dropFirst(11).prefix(12), .faint, limit: limit)
        line.append("  ")
        line.append(Self.letter(record.operation), Self.style(record.operation), limit: limit)
        if record.isInvalid { line.append(" invalid", .red, limit: limit) }
        line.append("  ")
        let title = stream.table.isEmpty ? "\(stream.schema.vendor)/\(stream.schema.name)" : stream.qualifiedName
        line.append(title, .bold, limit: limit)
        appendKey(record, batch, to: &line, limit)
        appendChange(record, batch, to: &line, limit)
        line.append("  ", limit: width ?? .max)
        line.append(version, .faint, limit: width ?? .max)
        return line.bytes + [0x0A]
    }

    private func appendKey(_ record: EventRecord, _ batch: EventBatch, to line: inout TerminalText, _ limit: Int) {
        var gap = "  "
        for (name, value) in JSONMembers(batch.bytes(of: record.key)).prefix(Self.memberCount) {
            line.append(gap + Self.text(name) + "=", limit: limit)
            line.append(Self.text(value), .cyan, limit: Self.limit(of: line, limit))
            gap = " "
        }
    }

    private func appendChange(_ record: EventRecord, _ batch: EventBatch, to line: inout TerminalText, _ limit: Int) {
        let before = Array(JSONMembers(batch.bytes(of: record.before)))
        let key = Array(JSONMembers(batch.bytes(of: record.key)))
        var shown = 0
        for (name, value) in JSONMembers(batch.bytes(of: record.payload)) where shown < Self.memberCount {
            let old = before.first { $0.name.elementsEqual(name) }?.value
            if let old, record.operation == .update {
                if old.elementsEqual(value) { continue }
                line.append("  \(Self.text(name)): ", limit: limit)
                line.append(Self.text(old), .faint, limit: Self.limit(of: line, limit))
                line.append(" → ", limit: limit)
            } else {
                // With a whole old row, a member that it lacks is a column that is new; without one, all may have changed.
                if key.contains(where: { $0.name.elementsEqual(name) }) { continue }
                line.append("  \(Self.text(name)): ", limit: limit)
            }
            line.append(Self.text(value), limit: Self.limit(of: line, limit))
            shown += 1
        }
    }

    private static func limit(of line: TerminalText, _ limit: Int) -> Int { min(limit, line.columns + valueColumns) }

    /// The beginning of a value: more than is shown, and not a value of megabytes.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix(valueColumns * 8), as: UTF8.self)
    }

    private static func letter(_ operation: Operation) -> String {
        operation == .none ? "•" : String(Unicode.Scalar(operation.rawValue))
    }

    private static func style(_ operation: Operation) -> TerminalText.Style? {
        switch operation {
        case .create: .green
        case .update: .yellow
        case .delete, .truncate: .red
        case .read: .cyan
        case .message, .schemaChange: .magenta
        case .none, .snapshotBegin, .snapshotEnd: nil
        }
    }
}
