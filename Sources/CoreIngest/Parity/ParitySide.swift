/// One of the two databases of a comparison. Calls block, within time limits of their own; one thread.
///
/// Both sides write a row's values as texts in the same form, the **canonical text**: what Postgres's output function of the type
/// writes (of booleans `true` and `false`) with dates in ISO form, times in UTC, `bytea` in hex and `lc_monetary` C; the JSON value
/// `null` is NULL, line ends and tabs within `json` are blanks, zero has no sign in a floating-point
/// number, and arrays have no bounds in front. A row's hash is the first half of
/// the MD5 of its texts as one composite value of Postgres; its bucket is made of the MD5 of its key.
package protocol ParitySide {
    /// Number and sum of hashes of the rows in a range, by bucket; buckets without rows are left out. `buckets`: a power of two.
    func digests(_ table: ParityTable, _ range: KeyRange, buckets: Int) throws(ParityError) -> [Int: BucketDigest]
    /// The hash of each row in some buckets of a range.
    func hashes(
        _ table: ParityTable, _ range: KeyRange, buckets: Int, chosen: [Int]
    ) throws(ParityError) -> [ParityKey: Int64]
    /// The canonical texts of rows as they are now, by column; rows that are not there are left out.
    func rows(_ table: ParityTable, _ keys: [ParityKey]) throws(ParityError) -> [ParityKey: [String?]]
}

/// The side that is right.
package protocol ParitySource: ParitySide {
    /// The value of the first key column with so many rows between it and `after`; nil when fewer are left.
    func boundary(_ table: ParityTable, after: String?, rows: Int) throws(ParityError) -> String?
    /// Everything that a statement before this call saw was committed before this position.
    func position() throws(ParityError) -> LogSequenceNumber
}

/// The side that should be the same.
package protocol ParityMirror: ParitySide {
    /// What of a table can be compared.
    func scope(of table: ParityTable) throws(ParityError) -> ParityScope
    /// Whether it orders the values of the first key column as the source does. Asked only of tables with an ordered key; without
    /// it the table is read as a whole.
    func orders(_ table: ParityTable) -> Bool
    /// Waits until the mirror shows everything that its sink took of commits before a position. Nil when it does, else why not, in one
    /// line. At once where what was taken is seen.
    func reach(_ position: LogSequenceNumber, within limit: Duration) -> String?
    /// The bounds of what it holds of a column of dates or timestamps; nil where it holds all values.
    func bounds(of column: StreamDescriptor.Column) -> ValueBounds?
}

extension ParityMirror {
    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? { nil }
    package func orders(_ table: ParityTable) -> Bool { true }
    package func reach(_ position: LogSequenceNumber, within limit: Duration) -> String? { nil }
}

/// What of a table can be compared.
package enum ParityScope: Sendable, Equatable {
    /// Nothing, as it is not there (yet), so that the two are not equal: why, in one line.
    case absent(String)
    /// Nothing, as values are kept in another form: why, in one line.
    case nothing(String)
    /// All columns but those named, whose values the mirror keeps in another form.
    case allBut(Set<Int>)
}

/// Some rows, in short.
package struct BucketDigest: Sendable, Equatable {
    package var rows: UInt64
    /// Of their hashes.
    package var sum: Int128

    package init(rows: UInt64, sum: Int128) {
        self.rows = rows
        self.sum = sum
    }
}

/// Why a comparison could not be made, in one line.
package struct ParityError: Error, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
