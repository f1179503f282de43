package import CoreIngest

/// Base64 as clients send it: the standard alphabet or the one for URLs (RFC 4648, sections 4 and 5), mixed even, with or without
/// padding. A space counts as `+`, which a query's decoding has made of it.
package enum Base64Text {
    /// Appends the decoded bytes. Answers nil, or the offset of the first byte that is not base64; then `arena` is as it was.
    package static func append(_ text: UnsafeRawBufferPointer, to arena: inout ByteArena) -> Int? {
        let start = arena.count
        var end = text.count
        while end > 0, text.count - end < 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        // A single letter has six bits: no byte.
        if end & 3 == 1 { return end - 1 }
        arena.reserve(end / 4 * 3 + 3)
        var group: UInt32 = 0
        for index in 0..<end {
            guard let value = value(of: text[index]) else {
                arena.truncate(to: start)
                return index
            }
            group = group << 6 | value
            if index & 3 == 3 {
                arena.append(UInt8(truncatingIfNeeded: group >> 16))
                arena.append(UInt8(truncatingIfNeeded: group >> 8))
                arena.append(UInt8(truncatingIfNeeded: group))
                group = 0
            }
        }
        switch end & 3 {
        case 2: arena.append(UInt8(truncatingIfNeeded: group >> 4))
        case 3:
            arena.append(UInt8(truncatingIfNeeded: group >> 10))
            arena.append(UInt8(truncatingIfNeeded: group >> 2))
        default: break
        }
        return nil
    }

    /// The decoded bytes; nil for what is no base64.
    package static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var arena = ByteArena(capacity: text.count)
        return append(text, to: &arena) == nil ? Array(arena.bytes) : nil
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - 65)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - 71)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte + 4)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), 0x20: 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
