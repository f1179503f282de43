/// Reads the fields of one message of Protocol Buffers, bounds checked; what is malformed ends the reading.
/// Source: protobuf.dev/programming-guides/encoding.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)

        var integer: Int64? { if case .varint(let value) = self { Int64(bitPattern: value) } else { nil } }
        var bytes: ArraySlice<UInt8>? { if case .bytes(let bytes) = self { bytes } else { nil } }
        var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    }

    private var rest: ArraySlice<UInt8>
    private(set) var isMalformed = false

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end, or where the message is malformed.
    mutating func next() -> (field: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        guard let tag = varint(), tag >> 3 > 0, tag >> 3 < 1 << 29 else { return fail() }
        let field = Int(tag >> 3)
        switch tag & 7 {
        case 0:
            guard let value = varint() else { return fail() }
            return (field, .varint(value))
        case 1:
            guard let bytes = take(8) else { return fail() }
            return (field, .fixed64(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
        case 2:
            guard let count = varint(), count <= UInt64(rest.count), let bytes = take(Int(count)) else { return fail() }
            return (field, .bytes(bytes))
        case 5:
            guard let bytes = take(4) else { return fail() }
            return (field, .fixed32(bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }))
        // Groups are not written by anybody any more.
        default: return fail()
        }
    }

    private mutating func fail() -> (field: Int, value: Value)? {
        isMalformed = true
        rest = []
        return nil
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            // Ten bytes at most, of which the last has one bit.
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }
}
