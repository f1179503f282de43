/// The shape of each table in one write, which has every table in one shape only.
///
/// So what came before a change of a table is taken and settled where a destination refuses the change. Whoever mends that by
/// dropping the mirror has it made in the new shape: were the older rows written again with the newer ones, they would bring the old shape back.
struct WriteShapes {
    private struct Table: Hashable {
        var source: SourceIdentity
        var schema: ExactText
        var name: ExactText
    }

    private var known: [Table: StreamDescriptor] = [:]

    /// The first record of a range that has its table in another shape than a record before it in the write; nil where there is none.
    /// Looks at streams, and at records only where a table has two.
    mutating func change(in batch: EventBatch, _ range: Range<Int>) -> Int? {
        var change: Int?
        var begun: [Table: StreamExtent] = [:]
        for extent in batch.extents where extent.last >= range.lowerBound && extent.first < range.upperBound {
            let stream = batch.streams[extent.stream]
            guard !stream.table.isEmpty else { continue }
            let table = Table(
                source: batch.source, schema: ExactText(stream.schemaName), name: ExactText(stream.table))
            guard let other = known[table] else {
                known[table] = stream
                begun[table] = extent
                continue
            }
            if stream.hasShape(of: other) { continue }
            guard var first = Self.first(of: extent, in: batch, range) else { continue }
            if let earlier = begun[table] {
                guard let begin = Self.first(of: earlier, in: batch, range) else {
                    known[table] = stream
                    begun[table] = extent
                    continue
                }
                first = max(first, begin)
            }
            change = min(change ?? first, first)
        }
        return change
    }

    private static func first(of extent: StreamExtent, in batch: EventBatch, _ range: Range<Int>) -> Int? {
        let from = max(extent.first, range.lowerBound)
        let end = min(extent.last + 1, range.upperBound)
        guard from < end else { return nil }
        return batch.records[from..<end].firstIndex { Int($0.stream) == extent.stream }
    }
}

extension StreamDescriptor {
    /// Whether rows of both have the same columns and the same key.
    fileprivate func hasShape(of other: StreamDescriptor) -> Bool {
        self === other || columns == other.columns && keyColumns == other.keyColumns
    }
}
