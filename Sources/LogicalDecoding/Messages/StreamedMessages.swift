import CoreIngest

/// `S`: a piece of a transaction that is still running. Protocol 2.
struct StreamStartMessage: Equatable {
    var xid: UInt32
    var isFirst: Bool

    init(from reader: inout MessageReader) throws(DecodingError) {
        xid = try reader.uint32()
        isFirst = try reader.byte() == 1
        try reader.finish()
    }
}

/// `c`: a streamed transaction is committed.
struct StreamCommitMessage: Equatable {
    var xid: UInt32
    var commit: CommitMessage

    init(from reader: inout MessageReader) throws(DecodingError) {
        xid = try reader.uint32()
        commit = try CommitMessage(from: &reader)
    }
}

/// `A`: a streamed transaction, or one of its subtransactions, is rolled back.
struct StreamAbortMessage: Equatable {
    var xid: UInt32
    /// Equal to `xid` when all of it is.
    var subtransaction: UInt32
    /// Protocol 4 with parallel streaming only.
    var abortLSN: LogSequenceNumber?
    var abortTime: Int64?

    init(from reader: inout MessageReader) throws(DecodingError) {
        xid = try reader.uint32()
        subtransaction = try reader.uint32()
        if reader.remaining > 0 {
            abortLSN = try reader.lsn()
            abortTime = try reader.time()
        }
        try reader.finish()
    }
}
