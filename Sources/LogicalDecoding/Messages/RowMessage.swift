import CoreIngest

/// `I`, `U`, `D`: what stands before the row's values, which are read straight from the message afterwards.
struct RowMessage: Equatable {
    var xid: UInt32?
    var relation: UInt32
    /// What the first row in the message is: `N` the new row, `O` the old one, `K` the old key.
    var part: Part

    enum Part: UInt8 {
        case newRow = 0x4E  // N
        case oldRow = 0x4F  // O
        case oldKey = 0x4B  // K
    }

    init(from reader: inout MessageReader, streamed: Bool = false) throws(DecodingError) {
        xid = streamed ? try reader.uint32() : nil
        relation = try reader.uint32()
        part = try Self.part(from: &reader)
        let allowed: Bool
        switch reader.type {
        case UInt8(ascii: "I"): allowed = part == .newRow
        case UInt8(ascii: "D"): allowed = part != .newRow
        default: allowed = true
        }
        guard allowed else { throw reader.error(.malformed, "a row that does not belong here", at: reader.offset - 1) }
    }

    static func part(from reader: inout MessageReader) throws(DecodingError) -> Part {
        let tag = try reader.byte()
        guard let part = Part(rawValue: tag) else {
            throw reader.error(.malformed, "a row of kind 0x\(String(tag, radix: 16))", at: reader.offset - 1)
        }
        return part
    }
}

/// `T`: tables that were truncated together.
struct TruncateMessage: Equatable {
    var xid: UInt32?
    var relations: [UInt32]
    var cascade: Bool
    var restartIdentity: Bool

    init(from reader: inout MessageReader, streamed: Bool) throws(DecodingError) {
        xid = streamed ? try reader.uint32() : nil
        let count = try reader.length()
        let options = try reader.byte()
        cascade = options & 1 != 0
        restartIdentity = options & 2 != 0
        guard count <= reader.remaining / 4 else {
            throw reader.error(.truncated, "\(count) tables announced, but the message ends before")
        }
        relations = []
        relations.reserveCapacity(count)
        for _ in 0..<count { relations.append(try reader.uint32()) }
        try reader.finish()
    }
}

/// `M`: what an application wrote by `pg_logical_emit_message`.
struct LogicalMessage {
    var xid: UInt32?
    var isTransactional: Bool
    var lsn: LogSequenceNumber
    /// Both in place: valid as long as the message is.
    var prefix: UnsafeRawBufferPointer
    var content: UnsafeRawBufferPointer

    init(from reader: inout MessageReader, streamed: Bool) throws(DecodingError) {
        xid = streamed ? try reader.uint32() : nil
        isTransactional = try reader.byte() & 1 != 0
        lsn = try reader.lsn()
        prefix = try reader.cString()
        content = try reader.bytes(try reader.length())
        try reader.finish()
    }
}
