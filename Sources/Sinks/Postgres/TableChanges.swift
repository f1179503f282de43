import CoreIngest

/// What one write has for one mirror table.
final class TableChanges {
    let target: MirrorTarget
    /// The descriptor that came last; of the target's shape.
    var stream: StreamDescriptor
    let keyed: KeyedChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []
    private var scratch = ByteArena(capacity: 1024)

    init(_ target: MirrorTarget, _ stream: StreamDescriptor) {
        self.target = target
        self.stream = stream
        keyed = KeyedChanges(target.shape)
    }

    /// Writes columns of the collected row as one line.
    func write(_ columns: [Int], _ last: Int32, to block: inout RowBlock) {
        keyed.row.appendLine(columns, of: target, to: &block.lines, scratch: &scratch)
        block.endLine(owner: last)
    }

    /// Writes a change of a table without a key: its columns, its letter, and its position. A truncation has no columns.
    func writeKeyless(_ event: EventReference, of slices: [BatchSlice], owner: Int32, to block: inout RowBlock) {
        let record = event.record(in: slices)
        // What cannot be read is left NULL here; the decoder wrote it, so that does not happen.
        keyed.collectPayload(event, of: slices)
        keyed.row.appendLine(target.writable, of: target, to: &block.lines, scratch: &scratch)
        if !target.writable.isEmpty { block.lines.append(UInt8(ascii: "\t")) }
        block.lines.append(record.operation.rawValue)
        block.lines.append(UInt8(ascii: "\t"))
        block.lines.append(LogSequenceNumber(record.position.commit))
        block.lines.append(UInt8(ascii: "\t"))
        block.lines.append(decimal: record.position.ordinal)
        block.endLine(owner: owner)
    }
}
