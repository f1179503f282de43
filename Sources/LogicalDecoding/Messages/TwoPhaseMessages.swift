import CoreIngest

/// `b`, `P`, `K`, `p`: begin prepare, prepare, commit prepared, and prepare of a streamed transaction. Protocol 3.
struct PrepareMessage: Equatable {
    /// LSN of the prepare; of the commit in `K`.
    var lsn: LogSequenceNumber
    var endLSN: LogSequenceNumber
    var time: Int64
    var xid: UInt32
    /// The name that the application gave to the transaction.
    var gid: String

    init(from reader: inout MessageReader) throws(DecodingError) {
        if reader.type != UInt8(ascii: "b") { _ = try reader.byte() }
        lsn = try reader.lsn()
        endLSN = try reader.lsn()
        time = try reader.time()
        xid = try reader.uint32()
        gid = try reader.string()
        try reader.finish()
    }
}

/// `r`: a prepared transaction is rolled back.
struct RollbackPreparedMessage: Equatable {
    var prepareEndLSN: LogSequenceNumber
    var rollbackEndLSN: LogSequenceNumber
    var prepareTime: Int64
    var rollbackTime: Int64
    var xid: UInt32
    var gid: String

    init(from reader: inout MessageReader) throws(DecodingError) {
        _ = try reader.byte()
        prepareEndLSN = try reader.lsn()
        rollbackEndLSN = try reader.lsn()
        prepareTime = try reader.time()
        rollbackTime = try reader.time()
        xid = try reader.uint32()
        gid = try reader.string()
        try reader.finish()
    }
}
