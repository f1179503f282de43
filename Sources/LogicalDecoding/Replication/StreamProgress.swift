import CoreIngest

/// What the stream has brought, and what may be said of it when a batch is handed over. No I/O.
///
/// Only the ends of commits, and the positions of keepalives outside transactions, are ever acknowledged: the positions of
/// other messages do not rise steadily.
struct StreamProgress: Equatable {
    private(set) var isInTransaction = false
    /// End of the last commit that came.
    private(set) var lastCommit: LogSequenceNumber
    /// Nothing is pending up to here, but it has not been said yet.
    private(set) var pendingAdvance: LogSequenceNumber = .none
    /// Everything up to here was handed over.
    private(set) var handedOver: LogSequenceNumber
    /// How far the server's log reaches, as last heard.
    private(set) var serverEnd: LogSequenceNumber = .none
    private(set) var transactions: UInt64 = 0

    init(from start: LogSequenceNumber) {
        lastCommit = .none
        handedOver = start
        serverEnd = start
    }

    mutating func began() { isInTransaction = true }

    mutating func committed(_ end: LogSequenceNumber) {
        isInTransaction = false
        lastCommit = max(lastCommit, end)
        serverEnd = max(serverEnd, end)
        transactions += 1
    }

    /// A keepalive. Inside a transaction its position says nothing of that transaction, and it is left alone.
    mutating func kept(alive end: LogSequenceNumber) {
        serverEnd = max(serverEnd, end)
        if !isInTransaction, end > handedOver { pendingAdvance = max(pendingAdvance, end) }
    }

    /// What a batch that holds everything so far acknowledges; 0 inside a transaction, and where it brings nothing new.
    var acknowledge: UInt64 { !isInTransaction && lastCommit > handedOver ? lastCommit.rawValue : 0 }

    /// Everything so far was handed over.
    mutating func offered() {
        if !isInTransaction { handedOver = max(handedOver, lastCommit) }
    }

    /// With nothing left to hand over: the position to advance to, once.
    mutating func takeAdvance() -> LogSequenceNumber? {
        let target = isInTransaction ? pendingAdvance : max(pendingAdvance, lastCommit)
        pendingAdvance = .none
        guard target > handedOver else { return nil }
        handedOver = target
        return target
    }
}
