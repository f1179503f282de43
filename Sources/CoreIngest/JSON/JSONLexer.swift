/// Reads single tokens of JSON (RFC 8259), bounds-checked. `at` moves past what was read.
enum JSONLexer {
    @inline(__always) static func byte(_ input: RawSpan, _ at: Int) -> UInt8 {
        input.unsafeLoad(fromByteOffset: at, as: UInt8.self)
    }

    @inline(__always) static func skipSpace(_ input: RawSpan, _ at: inout Int) {
        while at < input.byteCount {
            let next = byte(input, at)
            if next > 0x20 { return }
            if next != 0x20 && next != 0x0A && next != 0x0D && next != 0x09 { return }
            at &+= 1
        }
    }

    /// A scalar that begins at `at`. Containers are the caller's.
    @inline(__always) static func scalar(_ input: RawSpan, _ at: inout Int) throws(JSONError) -> JSONWord {
        guard at < input.byteCount else { throw JSONError(.unexpectedEnd, at: at, in: input) }
        switch byte(input, at) {
        case UInt8(ascii: "\""):
            at &+= 1
            return try string(input, &at)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(input, &at)
        case UInt8(ascii: "t"): return try literal(input, &at, 0x6575_7274, 4, .yes)
        case UInt8(ascii: "n"): return try literal(input, &at, 0x6C6C_756E, 4, .null)
        case UInt8(ascii: "f"): return try literal(input, &at, 0x6573_6C61, 5, .no)
        default: throw JSONError(.unexpectedByte, at: at, in: input)
        }
    }

    /// `word`: the last four bytes of the literal, as a little-endian integer.
    @inline(__always) private static func literal(
        _ input: RawSpan, _ at: inout Int, _ word: UInt32, _ length: Int, _ kind: JSONWord.Kind
    ) throws(JSONError) -> JSONWord {
        let start = at
        guard start &+ length <= input.byteCount,
            UInt32(littleEndian: input.unsafeLoadUnaligned(fromByteOffset: start &+ length &- 4, as: UInt32.self))
                == word
        else { throw JSONError(.malformedLiteral, at: start, in: input) }
        at = start &+ length
        return JSONWord(kind, offset: start, length: length)
    }

    /// A string; `at` is just past its opening quote. The word covers what is between the quotes.
    @inline(__always) static func string(_ input: RawSpan, _ at: inout Int) throws(JSONError) -> JSONWord {
        let start = at
        let end = input.byteCount
        var index = at
        var kind = JSONWord.Kind.string
        while true {
            // Eight plain bytes at a time. The lowest hit is exact: a borrow only runs upwards.
            while index &+ 8 <= end {
                let hit = special(
                    UInt64(littleEndian: input.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)))
                if hit != 0 {
                    index &+= hit.trailingZeroBitCount >> 3
                    break
                }
                index &+= 8
            }
            guard index < end else { throw JSONError(.unexpectedEnd, at: end, in: input) }
            let next = byte(input, index)
            if next == UInt8(ascii: "\"") {
                at = index &+ 1
                return JSONWord(kind, offset: start, length: index &- start)
            }
            if next == UInt8(ascii: "\\") {
                kind = .escapedString
                try escape(input, &index)
            } else if next >= 0x80 {
                try multibyte(input, &index)
            } else if next < 0x20 {
                throw JSONError(.controlCharacter, at: index, in: input)
            } else {
                index &+= 1
            }
        }
    }

    /// The high bit of each byte that is a quote, a backslash, a control character or not ASCII.
    @inline(__always) private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ 0x2222_2222_2222_2222
        let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let control = (word &- ones &* 0x20) & ~word
        return (word | control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & 0x8080_8080_8080_8080
    }

    @inline(never) private static func escape(_ input: RawSpan, _ index: inout Int) throws(JSONError) {
        guard index &+ 1 < input.byteCount else { throw JSONError(.unexpectedEnd, at: input.byteCount, in: input) }
        switch byte(input, index &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index &+= 2
        case UInt8(ascii: "u"):
            guard index &+ 6 <= input.byteCount else { throw JSONError(.malformedEscape, at: index, in: input) }
            for digit in index &+ 2..<index &+ 6 where JSONString.hexValue(byte(input, digit)) == nil {
                throw JSONError(.malformedEscape, at: index, in: input)
            }
            index &+= 6
        default: throw JSONError(.malformedEscape, at: index, in: input)
        }
    }

    /// One character of two to four bytes, by the table of RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
    @inline(never) private static func multibyte(_ input: RawSpan, _ index: inout Int) throws(JSONError) {
        let lead = byte(input, index)
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF4: (length, high) = (4, 0x8F)
        case 0xF1...0xF3: length = 4
        default: throw JSONError(.malformedUTF8, at: index, in: input)
        }
        guard index &+ length <= input.byteCount else { throw JSONError(.malformedUTF8, at: index, in: input) }
        let second = byte(input, index &+ 1)
        guard second >= low, second <= high else { throw JSONError(.malformedUTF8, at: index, in: input) }
        for next in index &+ 2..<max(index &+ 2, index &+ length) where byte(input, next) & 0xC0 != 0x80 {
            throw JSONError(.malformedUTF8, at: index, in: input)
        }
        index &+= length
    }

    @inline(__always) private static func digits(_ input: RawSpan, _ index: inout Int) -> Int {
        let start = index
        while index < input.byteCount, byte(input, index) &- 0x30 < 10 { index &+= 1 }
        return index &- start
    }

    /// A number; `at` is at its first byte.
    @inline(__always) static func number(_ input: RawSpan, _ at: inout Int) throws(JSONError) -> JSONWord {
        let start = at
        var index = at
        if byte(input, index) == UInt8(ascii: "-") { index &+= 1 }
        let first = index
        let whole = digits(input, &index)
        guard whole > 0, whole == 1 || byte(input, first) != UInt8(ascii: "0") else {
            throw JSONError(.malformedNumber, at: start, in: input)
        }
        var kind = JSONWord.Kind.integer
        if index < input.byteCount, byte(input, index) == UInt8(ascii: ".") {
            kind = .decimal
            index &+= 1
            guard digits(input, &index) > 0 else { throw JSONError(.malformedNumber, at: start, in: input) }
        }
        if index < input.byteCount, byte(input, index) | 0x20 == UInt8(ascii: "e") {
            kind = .decimal
            index &+= 1
            if index < input.byteCount {
                let sign = byte(input, index)
                if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index &+= 1 }
            }
            guard digits(input, &index) > 0 else { throw JSONError(.malformedNumber, at: start, in: input) }
        }
        at = index
        return JSONWord(kind, offset: start, length: index &- start)
    }
}
