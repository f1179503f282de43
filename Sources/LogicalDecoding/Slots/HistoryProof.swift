import CoreIngest

/// Proof that the server's log is the one that was read before: a transaction that was delivered comes again, as it was. A state
/// machine without I/O.
///
/// A server that was put back, disks and all, to an earlier state goes on with the same identifiers and gives its positions out
/// anew. Its slot goes back too, and that shows: the slot stands before what was delivered. So does one whose server crashed,
/// because acknowledgements are not written to disk one by one; but then the log is the same.
struct HistoryProof {
    /// What has not come yet.
    private(set) var awaited: CommitMark?

    init(_ mark: CommitMark?) { awaited = mark }

    /// A transaction came. False when it is not the one that must be here.
    mutating func committed(_ mark: CommitMark) -> Bool {
        guard let awaited, mark.end >= awaited.end else { return true }
        guard mark == awaited else { return false }
        self.awaited = nil
        return true
    }

    /// The server has sent everything up to here. False when the transaction should have been part of it.
    func passed(_ end: LogSequenceNumber) -> Bool { awaited.map { end < $0.end } ?? true }
}
