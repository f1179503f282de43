import CoreIngest

/// What one write has for one mirror table with a key: its changes folded by key, and the values of the rows that they make.
///
/// Use: ``fold(_:of:)`` for every change in the order of the source, then for each of `changes.lasts` ``collect(_:of:)``, whose values
/// lie in ``row``, and `changes.verdict(on:of:)` says what to do about it. Events that ``fold(_:of:)`` did not take are the caller's.
final class KeyedChanges {
    /// What became of a change.
    enum Folding {
        case taken
        /// The event does not tell its row's key: it is to be refused.
        case withoutKey
        /// It moves a row of which it does not know all columns to another key: after everything that was folded before is
        /// carried out, it is to be applied by itself.
        case partialMove
    }

    let shape: RowShape
    var changes = PendingChanges()
    /// Where the values of the row lie that was collected last.
    private(set) var row: MirrorRow
    /// Moves of rows to other keys, whose rows nothing else that is pending concerns, so that they may be carried out in any order.
    private(set) var moves: [EventReference] = []
    private var movedKeys: Set<[UInt8]> = []
    private var keyRow: MirrorRow
    private var key = ByteArena(capacity: 256)
    private var oldKey = ByteArena(capacity: 256)

    init(_ shape: RowShape) {
        self.shape = shape
        row = MirrorRow(shape)
        keyRow = row
    }

    /// Takes a create, read, update or delete.
    func fold(_ event: EventReference, of slices: [BatchSlice]) -> Folding {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        key.truncate(to: 0)
        let own = record.key.isEmpty ? record.payload : record.key
        guard readKey(batch.bytes(of: own), into: &key) else { return .withoutKey }
        if record.operation == .delete {
            changes.add(event, .removal, key: key.bytes)
            return .taken
        }
        let effect: PendingChanges.Effect = record.unchanged.isEmpty ? .whole : .partial
        oldKey.truncate(to: 0)
        guard record.flags.contains(.keyChanged), readKey(batch.bytes(of: record.before), into: &oldKey),
            !oldKey.bytes.elementsEqual(key.bytes)
        else {
            changes.add(event, effect, key: key.bytes)
            return .taken
        }
        // Only the target has the row's other columns.
        if effect == .partial { return .partialMove }
        changes.add(event, .removal, key: oldKey.bytes)
        changes.add(event, .whole, key: key.bytes)
        return .taken
    }

    /// Whether the event that ``fold(_:of:)`` answered last as a partial move concerns rows with pending changes.
    var moveMeetsChanges: Bool { changes.contains(key: key.bytes) || changes.contains(key: oldKey.bytes) }

    /// Remembers that event as a move of a row that is to be carried out beside the pending changes.
    func gather(move event: EventReference) {
        moves.append(event)
        movedKeys.insert(Array(key.bytes))
        movedKeys.insert(Array(oldKey.bytes))
    }

    /// Whether a change concerns a row that is to be moved: then the move is to be carried out before.
    func meetsMoves(_ event: EventReference, of slices: [BatchSlice]) -> Bool {
        if moves.isEmpty { return false }
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        for object in [record.key.isEmpty ? record.payload : record.key, record.before] where !object.isEmpty {
            var key = ByteArena(capacity: 64)
            if readKey(batch.bytes(of: object), into: &key), movedKeys.contains(Array(key.bytes)) { return true }
        }
        return false
    }

    /// Forgets the moves, as they were carried out or are in vain.
    func forgetMoves() {
        moves = []
        movedKeys = []
    }

    /// Appends the key that an object's members make. False when it does not have them all.
    private func readKey(_ object: UnsafeRawBufferPointer, into key: inout ByteArena) -> Bool {
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

    /// Collects the values of one event's payload into ``row``, whatever was folded. What cannot be read stays empty.
    func collectPayload(_ event: EventReference, of slices: [BatchSlice]) {
        row.clear()
        let payload = event.record(in: slices).payload
        if !payload.isEmpty { _ = row.take(event.batch(in: slices).bytes(of: payload)) }
    }

    /// Collects the values of the old row, or old key, that an event tells into ``row``.
    func collectBefore(_ event: EventReference, of slices: [BatchSlice]) {
        row.clear()
        _ = row.take(event.batch(in: slices).bytes(of: event.record(in: slices).before))
    }
}
