package import CoreIngest

/// A transaction that was delivered, by what tells it from any other: remembered, to be found again in the server's log.
package struct CommitMark: Sendable, Equatable {
    /// Where its commit record ends.
    package var end: LogSequenceNumber
    package var xid: UInt32
    /// Microseconds since the Unix epoch.
    package var time: Int64

    package init(end: LogSequenceNumber, xid: UInt32, time: Int64) {
        self.end = end
        self.xid = xid
        self.time = time
    }
}
