import CoreIngest

/// Lines of COPY's text format for one table, each with the number of the change it came from. Rendered once: parts of it are
/// sent again while the row that the server refuses is looked for.
struct RowBlock: ~Copyable {
    var lines = ByteArena(capacity: 4096)
    private var ends: [Int] = []
    private var owners: [Int32] = []

    var count: Int { ends.count }

    /// Ends the line that was written into ``lines``.
    mutating func endLine(owner: Int32) {
        lines.append(UInt8(ascii: "\n"))
        ends.append(lines.count)
        owners.append(owner)
    }

    /// Takes back what was written of an unfinished line.
    mutating func abandonLine() { lines.truncate(to: ends.last ?? 0) }

    func owner(_ row: Int) -> Int32 { owners[row] }

    /// The lines of some rows; valid while the block is not changed.
    func bytes(_ rows: Range<Int>) -> UnsafeRawBufferPointer {
        let start = rows.lowerBound == 0 ? 0 : ends[rows.lowerBound - 1]
        let end = rows.upperBound == 0 ? 0 : ends[rows.upperBound - 1]
        return UnsafeRawBufferPointer(rebasing: lines.bytes[start..<end])
    }
}

/// Runs statements for rows of which some may be refused by the server.
struct RowLoader {
    let connection: PostgresConnection
    /// Whether refused rows are searched for. If not, the first one ends the transaction: the usual case pays for no savepoint.
    let isCareful: Bool

    /// Calls `apply` for all `count` rows; when careful, for ever smaller ranges until the refused rows stand alone, which then
    /// go to `refuse`. O(refused rows × log(count)) calls. Other failures than of data are thrown on.
    func load(
        _ count: Int, _ apply: (Range<Int>) throws(PostgresFailure) -> Void,
        refuse: (Int, PostgresFailure) throws(PostgresFailure) -> Void
    ) throws(PostgresFailure) {
        guard isCareful else {
            if count > 0 { try apply(0..<count) }
            return
        }
        var waiting = [0..<count]
        while let rows = waiting.popLast() {
            if rows.isEmpty { continue }
            do throws(PostgresFailure) {
                try connection.run("SAVEPOINT buz_rows")
                try apply(rows)
                try connection.run("RELEASE SAVEPOINT buz_rows")
            } catch {
                guard error.kind == .data, connection.isUsable else { throw error }
                try connection.run("ROLLBACK TO SAVEPOINT buz_rows; RELEASE SAVEPOINT buz_rows")
                if rows.count == 1 {
                    try refuse(rows.lowerBound, error)
                } else {
                    for part in Self.parts(rows, suspect: error.copyLine).reversed() { waiting.append(part) }
                }
            }
        }
    }

    /// What to try after `rows` were refused together: around the suspected row, and otherwise the halves.
    static func parts(_ rows: Range<Int>, suspect: Int?) -> [Range<Int>] {
        guard let suspect, suspect < rows.count else {
            let middle = rows.lowerBound + rows.count / 2
            return [rows.lowerBound..<middle, middle..<rows.upperBound]
        }
        let row = rows.lowerBound + suspect
        let middle = row + 1 + (rows.upperBound - row - 1) / 2
        return [rows.lowerBound..<row, row..<row + 1, row + 1..<middle, middle..<rows.upperBound].filter { !$0.isEmpty }
    }
}
