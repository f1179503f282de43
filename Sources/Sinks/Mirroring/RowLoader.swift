/// A session with a transaction under way, in which parts can be taken back.
protocol SavepointSession: AnyObject {
    associatedtype Failure: RowFailure
    var isUsable: Bool { get }
    /// From here on can be taken back.
    func beginRows() throws(Failure)
    /// What came since ``beginRows()`` stays.
    func keepRows() throws(Failure)
    /// What came since ``beginRows()`` goes.
    func takeRowsBack() throws(Failure)
}

/// Why a statement with rows failed.
protocol RowFailure: Error {
    /// Some row of it can never be stored.
    var isOfData: Bool { get }
    /// The row that the server names, from 0. A hint: it is tried alone before it is refused.
    var suspect: Int? { get }
}

/// Runs statements for rows of which some may be refused by the server.
struct RowLoader<Session: SavepointSession> {
    let connection: Session
    /// Whether refused rows are searched for. If not, the first one ends the transaction: the usual case pays for no savepoint.
    let isCareful: Bool

    /// Calls `apply` for all `count` rows; when careful, for ever smaller ranges until the refused rows stand alone, which then
    /// go to `refuse`. O(refused rows × log(count)) calls. Other failures than of data are thrown on.
    func load(
        _ count: Int, _ apply: (Range<Int>) throws(Session.Failure) -> Void,
        refuse: (Int, Session.Failure) throws(Session.Failure) -> Void
    ) throws(Session.Failure) {
        guard isCareful else {
            if count > 0 { try apply(0..<count) }
            return
        }
        var waiting = [0..<count]
        while let rows = waiting.popLast() {
            if rows.isEmpty { continue }
            do throws(Session.Failure) {
                try connection.beginRows()
                try apply(rows)
                try connection.keepRows()
            } catch {
                guard error.isOfData, connection.isUsable else { throw error }
                try connection.takeRowsBack()
                if rows.count == 1 {
                    try refuse(rows.lowerBound, error)
                } else {
                    for part in suspectedParts(rows, suspect: error.suspect).reversed() { waiting.append(part) }
                }
            }
        }
    }
}

/// What to try after `rows` were refused together: around the suspected row, and otherwise the halves.
func suspectedParts(_ rows: Range<Int>, suspect: Int?) -> [Range<Int>] {
    guard let suspect, suspect >= 0, suspect < rows.count else {
        let middle = rows.lowerBound + rows.count / 2
        return [rows.lowerBound..<middle, middle..<rows.upperBound]
    }
    let row = rows.lowerBound + suspect
    let middle = row + 1 + (rows.upperBound - row - 1) / 2
    return [rows.lowerBound..<row, row..<row + 1, row + 1..<middle, middle..<rows.upperBound].filter { !$0.isEmpty }
}
