import CoreIngest

/// Reads one replication message from its beginning to its end, never beyond.
///
/// The only place that loads from a message's memory: each read checks the bounds first, and says on an overrun which
/// message it was and where. Numbers are big-endian; strings end with a zero byte.
struct MessageReader {
    private let base: UnsafeRawPointer
    private let count: Int
    /// Bytes read so far.
    private(set) var offset: Int
    /// The message's first byte.
    let type: UInt8

    /// Reads the type. Throws for an empty message.
    init(_ message: UnsafeRawBufferPointer) throws(DecodingError) {
        guard let base = message.baseAddress, message.count > 0 else {
            throw DecodingError(.truncated, "a replication message without content", at: .message(type: 0, offset: 0))
        }
        self.base = base
        count = message.count
        offset = 1
        type = base.load(as: UInt8.self)
    }

    var remaining: Int { count &- offset }

    mutating func byte() throws(DecodingError) -> UInt8 {
        guard remaining >= 1 else { throw overrun(1) }
        let value = base.load(fromByteOffset: offset, as: UInt8.self)
        offset &+= 1
        return value
    }

    mutating func uint16() throws(DecodingError) -> UInt16 {
        guard remaining >= 2 else { throw overrun(2) }
        let value = base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
        offset &+= 2
        return UInt16(bigEndian: value)
    }

    mutating func uint32() throws(DecodingError) -> UInt32 {
        guard remaining >= 4 else { throw overrun(4) }
        let value = base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        offset &+= 4
        return UInt32(bigEndian: value)
    }

    mutating func uint64() throws(DecodingError) -> UInt64 {
        guard remaining >= 8 else { throw overrun(8) }
        let value = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        offset &+= 8
        return UInt64(bigEndian: value)
    }

    mutating func lsn() throws(DecodingError) -> LogSequenceNumber { LogSequenceNumber(try uint64()) }

    /// Microseconds since 2000-01-01, answered as microseconds since 1970-01-01.
    mutating func time() throws(DecodingError) -> Int64 {
        Int64(bitPattern: try uint64()) &+ Timestamp.postgresEpoch
    }

    /// A count or length of four bytes, which may not be negative.
    mutating func length() throws(DecodingError) -> Int {
        let value = Int32(bitPattern: try uint32())
        guard value >= 0 else { throw error(.malformed, "a length of \(value)", at: offset - 4) }
        return Int(value)
    }

    /// A count of two bytes. It is signed in the protocol, but no table has so many columns.
    mutating func count16() throws(DecodingError) -> Int {
        let value = Int16(bitPattern: try uint16())
        guard value >= 0 else { throw error(.malformed, "a count of \(value)", at: offset - 2) }
        return Int(value)
    }

    /// The next bytes, in place: valid as long as the message is.
    mutating func bytes(_ length: Int) throws(DecodingError) -> UnsafeRawBufferPointer {
        guard length <= remaining else { throw overrun(length) }
        let slice = UnsafeRawBufferPointer(start: base + offset, count: length)
        offset &+= length
        return slice
    }

    /// A string up to its zero byte, which is skipped. In place.
    mutating func cString() throws(DecodingError) -> UnsafeRawBufferPointer {
        var end = offset
        while end < count {
            if base.load(fromByteOffset: end, as: UInt8.self) == 0 {
                let slice = UnsafeRawBufferPointer(start: base + offset, count: end - offset)
                offset = end + 1
                return slice
            }
            end &+= 1
        }
        throw error(.truncated, "a string without its end")
    }

    /// A string; bytes that are not UTF-8 become U+FFFD, as names in SQL_ASCII databases may hold any.
    mutating func string() throws(DecodingError) -> String { String(decoding: try cString(), as: UTF8.self) }

    /// Throws unless everything was read.
    func finish() throws(DecodingError) {
        guard offset == count else { throw error(.malformed, "\(remaining) bytes more than the message should have") }
    }

    /// One value of a row.
    enum Value {
        case null
        /// A TOASTed value that did not change and was not sent.
        case unchanged
        case text(UnsafeRawBufferPointer)
    }

    mutating func value() throws(DecodingError) -> Value {
        switch try byte() {
        case UInt8(ascii: "t"): return .text(try bytes(try length()))
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "u"): return .unchanged
        case UInt8(ascii: "b"):
            throw error(.notRequested, "a value in binary form, though text was asked for", at: offset - 1)
        case let tag: throw error(.malformed, "a value of kind 0x\(String(tag, radix: 16))", at: offset - 1)
        }
    }

    /// An error at an offset of this message; by default at the next byte.
    @inline(never)
    func error(_ code: DecodingError.Code, _ message: String, at offset: Int? = nil) -> DecodingError {
        DecodingError(code, message, at: .message(type: type, offset: offset ?? self.offset))
    }

    @inline(never)
    private func overrun(_ wanted: Int) -> DecodingError {
        error(
            .truncated,
            "\(wanted) bytes announced or needed, \(remaining) left; the connection may be damaged: reconnect")
    }
}
