import CoreIngest

/// Writes rows of replication messages into an arena as JSON objects, and keys made of them.
struct RowWriter: ~Copyable {
    var values = ValueWriter()
    /// Where the values of the row written last lie in the arena, by column: the old row's and the new row's.
    private(set) var old: [ValueSpan] = []
    private(set) var new: [ValueSpan] = []
    /// Columns of the new row that were not sent and whose value the old row did not have either.
    private(set) var unchanged: [Int] = []
    /// Whether a value of the new row may be null.
    private(set) var hasNull = false

    /// Forgets the row before: call it at the beginning of each change.
    mutating func begin(_ plan: RelationPlan) {
        let count = plan.columns.count
        unchanged.removeAll(keepingCapacity: true)
        hasNull = false
        if new.count != count { new = Array(repeating: .absent, count: count) }
        if !old.isEmpty { old.removeAll(keepingCapacity: true) }
    }

    /// Writes the old row, or of an old key only the identity's columns: all others are sent as nulls that mean
    /// nothing.
    mutating func writeOld(
        _ reader: inout MessageReader, keyOnly: Bool, plan: RelationPlan, into arena: inout ByteArena
    ) throws(DecodingError) {
        let count = try columnCount(&reader, plan)
        old.reserveCapacity(count)
        let start = arena.count
        let columns = plan.columns
        for index in 0..<count {
            let column = columns[index]
            let value = try reader.value()
            guard !keyOnly || column.isIdentity else {
                old.append(.absent)
                continue
            }
            switch value {
            case .text(let bytes):
                arena.append(plan.fragment(column))
                let begin = arena.count
                values.write(bytes, as: column.writer, of: plan.nested, into: &arena)
                old.append(ValueSpan(start: begin, end: arena.count))
            case .null:
                arena.append(plan.fragment(column))
                arena.append("null")
                old.append(ValueSpan(start: arena.count &- 4, end: arena.count))
            case .unchanged:
                old.append(.absent)
            }
        }
        arena.closeObject(from: start)
    }

    /// Writes the new row. What it leaves out as unchanged is taken from the old row where that has it.
    mutating func writeNew(
        _ reader: inout MessageReader, plan: RelationPlan, into arena: inout ByteArena
    ) throws(DecodingError) {
        let count = try columnCount(&reader, plan)
        let start = arena.count
        let columns = plan.columns
        for index in 0..<count {
            let column = columns[index]
            switch try reader.value() {
            case .text(let bytes):
                arena.append(plan.fragment(column))
                let begin = arena.count
                values.write(bytes, as: column.writer, of: plan.nested, into: &arena)
                new[index] = ValueSpan(start: begin, end: arena.count)
            case .null:
                arena.append(plan.fragment(column))
                arena.append("null")
                new[index] = ValueSpan(start: arena.count &- 4, end: arena.count)
                hasNull = true
            case .unchanged:
                guard index < old.count, !old[index].isAbsent else {
                    new[index] = .absent
                    unchanged.append(index)
                    continue
                }
                arena.append(plan.fragment(column))
                let begin = arena.count
                arena.appendCopy(from: old[index].start, to: old[index].end)
                new[index] = ValueSpan(start: begin, end: arena.count)
                hasNull = true
            }
        }
        arena.closeObject(from: start)
    }

    /// Writes the key as an object, of the new row's values or the old one's. False when there is no key, or a value of
    /// it was not sent: nothing is written then.
    func writeKey(ofOld: Bool, plan: RelationPlan, into arena: inout ByteArena) -> Bool {
        let start = arena.count
        for index in plan.keyColumns {
            let span = ofOld ? old[index] : new[index]
            guard !span.isAbsent else {
                arena.truncate(to: start)
                return false
            }
            arena.append(plan.fragment(plan.columns[index]))
            arena.appendCopy(from: span.start, to: span.end)
        }
        guard arena.count > start else { return false }
        arena.closeObject(from: start)
        return true
    }

    /// Whether a column of the key has another value in the new row than in the old one.
    func keyChanged(plan: RelationPlan, in arena: borrowing ByteArena) -> Bool {
        for index in plan.keyColumns {
            guard index < old.count, !old[index].isAbsent, !new[index].isAbsent else { continue }
            let before = UnsafeRawBufferPointer(rebasing: arena.bytes[old[index].start..<old[index].end])
            let after = UnsafeRawBufferPointer(rebasing: arena.bytes[new[index].start..<new[index].end])
            if before.count != after.count || !before.elementsEqual(after) { return true }
        }
        return false
    }

    /// Writes `"bio","photo"`: the names of the columns that were not sent.
    func writeUnchanged(plan: RelationPlan, into arena: inout ByteArena) {
        for (position, index) in unchanged.enumerated() {
            let name = plan.fragment(plan.columns[index])
            // A fragment is a comma, the name in quotes, a colon.
            arena.append(UnsafeRawBufferPointer(rebasing: name[(position == 0 ? 1 : 0)..<name.count - 1]))
        }
    }

    private func columnCount(_ reader: inout MessageReader, _ plan: RelationPlan) throws(DecodingError) -> Int {
        let count = try reader.count16()
        guard count == plan.columns.count else {
            throw reader.error(
                .malformed,
                "a row of \(count) columns, but \(plan.relation.qualifiedName) was announced with"
                    + " \(plan.columns.count)",
                at: reader.offset - 2)
        }
        return count
    }
}
