package import CoreIngest

/// Reads mirror tables at a destination that cannot make the digests of a comparison itself. What a destination supplies so that
/// `verify` compares it; ``ReadMirror`` does the rest.
///
/// Calls block, within time limits of their own; one thread. Memory is bounded: rows are handed over one by one.
package protocol MirrorReader {
    /// What of a table can be compared: see ``ParityMirror/scope(of:)``. Columns whose rule has an
    /// ``TypeRule/incomparable`` are left out here.
    func scope(of table: ParityTable) throws(ParityError) -> ParityScope
    /// Whether the destination orders the values of the first key column as Postgres does, so that parts of the table can be cut by it.
    /// Asked only of tables with an ordered key.
    func orders(_ table: ParityTable) -> Bool
    /// The ``TypeRule/bounds`` of a column's rule outside of keys.
    func bounds(of column: StreamDescriptor.Column) -> ValueBounds?
    /// See ``ParityMirror/reach(_:within:)``.
    func reach(_ position: LogSequenceNumber, within limit: Duration) -> String?
    /// Hands over rows, in any order, each once. `cells` has a value for each of the table's columns, in their order.
    func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError)
}

extension MirrorReader {
    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? { nil }
    package func reach(_ position: LogSequenceNumber, within limit: Duration) -> String? { nil }
}

/// Which rows of a mirror table are read.
package enum RowSelection: Sendable {
    /// Those in the range, and no others. Bounded only where ``MirrorReader/orders(_:)`` said so.
    case range(KeyRange)
    /// At least those with these keys; others do no harm. The keys' values are canonical texts.
    case keys([ParityKey])
}

/// The values of one row as its payload would have them: strings without quotes, numbers with their digits, `true` and `false`,
/// timestamps in ISO form, arrays, composite values and JSON as JSON. Reused for every row.
package struct MirrorCells: ~Copyable {
    /// What is written here since the last cell's end is the next cell.
    package var bytes = ByteArena(capacity: 4096)
    /// Where each cell lies; NULL has a negative start.
    private var ranges: [(start: Int, end: Int)] = []

    package init() {}

    package var count: Int { ranges.count }

    /// Begins the next row.
    package mutating func clear() {
        bytes.truncate(to: 0)
        ranges.removeAll(keepingCapacity: true)
    }

    /// Ends a cell whose bytes were written into ``bytes``.
    package mutating func end() { ranges.append((start, bytes.count)) }

    /// Ends a cell that is NULL; what was written for it is dropped.
    package mutating func endNull() {
        bytes.truncate(to: start)
        ranges.append((-1, start))
    }

    private var start: Int { ranges.last?.end ?? 0 }

    /// The bytes of a cell; nil for NULL. Valid until the next row.
    package subscript(cell: Int) -> UnsafeRawBufferPointer? {
        let range = ranges[cell]
        return range.start < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes.bytes[range.start..<range.end])
    }
}
