package import CoreIngest

/// A mirror whose rows are read and compared here, as its destination cannot make Postgres's digests: see ``MirrorReader``.
///
/// Memory: one row, the digests of 65,536 buckets at most, and the hashes or rows that were asked for.
package struct ReadMirror<Reader: MirrorReader>: ParityMirror {
    private let reader: Reader

    package init(_ reader: Reader) { self.reader = reader }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope { try reader.scope(of: table) }

    package func orders(_ table: ParityTable) -> Bool { reader.orders(table) }

    package func reach(_ position: LogSequenceNumber, within limit: Duration) -> String? {
        reader.reach(position, within: limit)
    }

    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? {
        // In a key the column holds all values: see `ParityScope.of`.
        column.isKey ? nil : reader.bounds(of: column)
    }

    package func digests(
        _ table: ParityTable, _ range: KeyRange, buckets: Int
    ) throws(ParityError) -> [Int: BucketDigest] {
        let hash = try RecordHash()
        var row = CanonicalRow()
        var digests: [Int: BucketDigest] = [:]
        try reader.read(table, .range(range)) { cells throws(ParityError) in
            row.take(cells, of: table)
            let bucket = hash.bucket(of: row, table.keyColumns, count: buckets)
            let sum = Int128(hash.hash(of: row))
            let before = digests[bucket] ?? BucketDigest(rows: 0, sum: 0)
            digests[bucket] = BucketDigest(rows: before.rows + 1, sum: before.sum + sum)
        }
        return digests
    }

    package func hashes(
        _ table: ParityTable, _ range: KeyRange, buckets: Int, chosen: [Int]
    ) throws(ParityError) -> [ParityKey: Int64] {
        let hash = try RecordHash()
        let chosen = Set(chosen)
        var row = CanonicalRow()
        var hashes: [ParityKey: Int64] = [:]
        try reader.read(table, .range(range)) { cells throws(ParityError) in
            row.take(cells, of: table)
            if chosen.contains(hash.bucket(of: row, table.keyColumns, count: buckets)) {
                hashes[row.key(of: table)] = hash.hash(of: row)
            }
        }
        return hashes
    }

    package func rows(_ table: ParityTable, _ keys: [ParityKey]) throws(ParityError) -> [ParityKey: [String?]] {
        let wanted = Set(keys)
        var row = CanonicalRow()
        var found: [ParityKey: [String?]] = [:]
        try reader.read(table, .keys(keys)) { cells throws(ParityError) in
            row.take(cells, of: table)
            let key = row.key(of: table)
            if wanted.contains(key) { found[key] = (0..<row.count).map { row.text($0) } }
        }
        return found
    }
}
