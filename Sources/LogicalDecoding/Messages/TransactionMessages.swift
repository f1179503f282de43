import CoreIngest

/// `B`: a transaction begins; all of it follows up to its Commit.
struct BeginMessage: Equatable {
    /// Start of the commit record.
    var commitLSN: LogSequenceNumber
    /// Microseconds since the Unix epoch, here and in all messages.
    var commitTime: Int64
    var xid: UInt32

    init(from reader: inout MessageReader) throws(DecodingError) {
        commitLSN = try reader.lsn()
        commitTime = try reader.time()
        xid = try reader.uint32()
        try reader.finish()
    }
}

/// `C`
struct CommitMessage: Equatable {
    var commitLSN: LogSequenceNumber
    /// End of the commit record: what is acknowledged.
    var endLSN: LogSequenceNumber
    var commitTime: Int64

    init(from reader: inout MessageReader) throws(DecodingError) {
        _ = try reader.byte()
        commitLSN = try reader.lsn()
        endLSN = try reader.lsn()
        commitTime = try reader.time()
        try reader.finish()
    }
}

/// `O`: the transaction came from another node.
struct OriginMessage: Equatable {
    /// The commit's LSN on that node.
    var originLSN: LogSequenceNumber
    var name: String

    init(from reader: inout MessageReader) throws(DecodingError) {
        originLSN = try reader.lsn()
        name = try reader.string()
        try reader.finish()
    }
}
