#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The value of a string: what is between its quotes, with escapes resolved.
enum JSONString {
    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte &- 0x30)
        case 0x41...0x46: UInt32(byte &- 0x37)
        case 0x61...0x66: UInt32(byte &- 0x57)
        default: nil
        }
    }

    /// Appends the value of an escaped string that the reader has accepted.
    static func unescape(_ raw: UnsafeRawBufferPointer, into arena: inout ByteArena) {
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < raw.count else {
                arena.append(byte)
                index += 1
                continue
            }
            index += 2
            switch raw[index - 1] {
            case UInt8(ascii: "b"): arena.append(0x08)
            case UInt8(ascii: "f"): arena.append(0x0C)
            case UInt8(ascii: "n"): arena.append(0x0A)
            case UInt8(ascii: "r"): arena.append(0x0D)
            case UInt8(ascii: "t"): arena.append(0x09)
            case UInt8(ascii: "u"): arena.append(scalar: codePoint(raw, &index))
            default: arena.append(raw[index - 1])
            }
        }
    }

    /// The code point of `\uXXXX` or of a pair; `index` is at the first digit and moves past. U+FFFD for a half pair.
    private static func codePoint(_ raw: UnsafeRawBufferPointer, _ index: inout Int) -> UInt32 {
        let first = unit(raw, index)
        index += 4
        guard first & 0xF800 == 0xD800 else { return first }
        guard first < 0xDC00, index + 6 <= raw.count, raw[index] == UInt8(ascii: "\\"),
            raw[index + 1] == UInt8(ascii: "u")
        else { return 0xFFFD }
        let second = unit(raw, index + 2)
        guard second & 0xFC00 == 0xDC00 else { return 0xFFFD }
        index += 6
        return 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
    }

    private static func unit(_ raw: UnsafeRawBufferPointer, _ index: Int) -> UInt32 {
        guard index + 4 <= raw.count else { return 0xFFFD }
        var value: UInt32 = 0
        for offset in 0..<4 { value = value << 4 | (hexValue(raw[index + offset]) ?? 0) }
        return value
    }

    /// Code points of a string's value.
    static func length(_ raw: UnsafeRawBufferPointer, isEscaped: Bool) -> Int {
        var count = 0
        if !isEscaped {
            for byte in raw where byte & 0xC0 != 0x80 { count &+= 1 }
            return count
        }
        var index = 0
        while index < raw.count {
            if raw[index] == UInt8(ascii: "\\"), index + 1 < raw.count {
                index += 2
                if raw[index - 1] == UInt8(ascii: "u") { _ = codePoint(raw, &index) }
            } else {
                index += 1
                if raw[index - 1] & 0xC0 == 0x80 { continue }
            }
            count += 1
        }
        return count
    }

    /// Whether two strings have the same value.
    static func equal(
        _ left: UnsafeRawBufferPointer, escaped leftEscaped: Bool, _ right: UnsafeRawBufferPointer,
        escaped rightEscaped: Bool
    ) -> Bool {
        if !leftEscaped && !rightEscaped { return same(left, right) }
        var one = ByteArena(capacity: left.count)
        var other = ByteArena(capacity: right.count)
        if leftEscaped { unescape(left, into: &one) } else { one.append(left) }
        if rightEscaped { unescape(right, into: &other) } else { other.append(right) }
        return same(one.bytes, other.bytes)
    }

    @inline(__always) static func same(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let one = left.baseAddress, let other = right.baseAddress else { return true }
        return memcmp(one, other, left.count) == 0
    }

    /// The hash of a name's value: what property tables are searched by. Equal values have equal hashes; it is neither
    /// seeded nor strong, and a hit is always compared.
    @inline(__always) static func hash(_ input: RawSpan, _ name: JSONWord) -> UInt64 {
        if name.kind == .escapedString { return escapedHash(input, name) }
        var hash = UInt64(truncatingIfNeeded: name.length) &* 0x9E37_79B9_7F4A_7C15
        var index = name.offset
        let end = index &+ name.length
        while index &+ 8 <= end {
            hash = mix(hash, input.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        var rest: UInt64 = 0
        while index < end {
            rest = rest << 8 | UInt64(input.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            index &+= 1
        }
        return mix(hash, rest)
    }

    static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
        hash(name.bytes, JSONWord(.string, offset: 0, length: name.count))
    }

    @inline(never) private static func escapedHash(_ input: RawSpan, _ name: JSONWord) -> UInt64 {
        var arena = ByteArena(capacity: name.length)
        input.withUnsafeBytes {
            unescape(UnsafeRawBufferPointer(rebasing: $0[name.offset..<name.offset + name.length]), into: &arena)
        }
        return hash(arena.bytes)
    }

    @inline(__always) private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word) &* 0xBF58_476D_1CE4_E5B9
        return product ^ product >> 32
    }
}

extension ByteArena {
    /// Appends a code point as UTF-8; U+FFFD for what is none.
    mutating func append(scalar value: UInt32) {
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { append(byte) }
    }
}
