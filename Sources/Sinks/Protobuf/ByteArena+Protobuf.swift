import CoreIngest

/// Writes messages of Protocol Buffers field by field. Source: protobuf.dev/programming-guides/encoding.
extension ByteArena {
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func append(tag field: Int, wire: UInt64) { append(varint: UInt64(field) << 3 | wire) }

    /// int32, int64, uint64, bool, enum.
    mutating func append(field: Int, varint value: UInt64) {
        append(tag: field, wire: 0)
        append(varint: value)
    }

    mutating func append(field: Int, integer value: Int64) { append(field: field, varint: UInt64(bitPattern: value)) }

    mutating func append(field: Int, double value: Double) {
        append(tag: field, wire: 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { append($0) }
    }

    /// string, bytes, or a message that is whole.
    mutating func append(field: Int, bytes: UnsafeRawBufferPointer) {
        append(tag: field, wire: 2)
        append(varint: UInt64(bytes.count))
        append(bytes)
    }

    mutating func append(field: Int, text: String) {
        var text = text
        text.withUTF8 { append(field: field, bytes: UnsafeRawBufferPointer($0)) }
    }

    /// A message within, written by `body` into an arena of its own.
    mutating func append(field: Int, message body: (inout ByteArena) -> Void) {
        var inner = ByteArena(capacity: 256)
        body(&inner)
        append(field: field, bytes: inner.bytes)
    }

    /// The head of a field of `count` bytes, which the caller appends behind it.
    mutating func append(field: Int, beginningBytes count: Int) {
        append(tag: field, wire: 2)
        append(varint: UInt64(count))
    }

    /// How many bytes a varint takes.
    static func varintBytes(_ value: Int) -> Int {
        var rest = UInt64(value)
        var count = 1
        while rest >= 0x80 {
            rest >>= 7
            count += 1
        }
        return count
    }
}
