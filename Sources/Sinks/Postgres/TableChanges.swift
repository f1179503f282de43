import CoreIngest

/// What one write has for one mirror table.
final class TableChanges {
    let target: MirrorTarget
    /// The descriptor that came last; of the target's shape.
    var stream: StreamDescriptor
    var changes: PendingChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []
    /// Where the row lies that was collected last.
    private(set) var row: MirrorRow
    private var keyRow: MirrorRow
    private var scratch = ByteArena(capacity: 1024)

    init(_ target: MirrorTarget, _ stream: StreamDescriptor) {
        self.target = target
        self.stream = stream
        changes = PendingChanges()
        row = MirrorRow(target.shape)
        keyRow = row
    }

    /// Appends the key that an object's members make. False when it does not have them all.
    func readKey(_ object: UnsafeRawBufferPointer, into key: inout ByteArena) -> Bool {
        keyRow.clear()
        return keyRow.take(object) && keyRow.appendKey(to: &key)
    }

    /// Collects the values that the row has after a change into ``row``. False when a payload is malformed.
    ///
    /// A removal's values are those of the key that it removes: of `before` where the same event moved the row elsewhere.
    func collect(_ last: Int32, of slices: [BatchSlice]) -> Bool {
        row.clear()
        let change = changes.changes[Int(last)]
        if change.effect == .removal { return collectOld(change.event, of: slices) }
        for part in changes.parts(of: last) {
            let event = changes.changes[Int(part)].event
            guard row.take(event.batch(in: slices).bytes(of: event.record(in: slices).payload)) else { return false }
        }
        return true
    }

    private func collectOld(_ event: EventReference, of slices: [BatchSlice]) -> Bool {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        if record.operation != .delete { return row.take(batch.bytes(of: record.before)) }
        return row.take(batch.bytes(of: record.key.isEmpty ? record.payload : record.key))
    }

    /// Writes columns of the collected row as one line.
    func write(_ columns: [Int], _ last: Int32, to block: inout RowBlock) {
        row.appendLine(columns, of: target, to: &block.lines, scratch: &scratch)
        block.endLine(owner: last)
    }

    /// Writes a change of a table without a key: its columns, its letter, and its position. A truncation has no columns.
    func writeKeyless(_ event: EventReference, of slices: [BatchSlice], owner: Int32, to block: inout RowBlock) {
        let record = event.record(in: slices)
        row.clear()
        // What cannot be read is left NULL here; the decoder wrote it, so that does not happen.
        if !record.payload.isEmpty { _ = row.take(event.batch(in: slices).bytes(of: record.payload)) }
        row.appendLine(target.writable, of: target, to: &block.lines, scratch: &scratch)
        if !target.writable.isEmpty { block.lines.append(UInt8(ascii: "\t")) }
        block.lines.append(record.operation.rawValue)
        block.lines.append(UInt8(ascii: "\t"))
        block.lines.append(LogSequenceNumber(record.position.commit))
        block.lines.append(UInt8(ascii: "\t"))
        block.lines.append(decimal: record.position.ordinal)
        block.endLine(owner: owner)
    }
}
