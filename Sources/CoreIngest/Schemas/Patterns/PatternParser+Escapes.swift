/// What stands behind a backslash.
extension PatternParser {
    mutating func escape() throws(PatternError) -> PatternTree {
        let begin = at
        if take("\\b") { return .wordBoundary }
        if take("\\B") { return .notWordBoundary }
        if take("\\k") {
            if names.isEmpty { return .set(ScalarSet(0x6B)) }
            guard take("<") else { throw PatternError(.malformed, at: begin, "'\\k' without the name of a group") }
            guard let group = names[try name()] else {
                throw PatternError(.malformed, at: begin, "a backreference to a group that is not there")
            }
            return .reference(group)
        }
        if at + 1 < source.count, source[at + 1] >= 0x31, source[at + 1] <= 0x39 {
            at += 1
            var group = 0
            while let byte = peek, byte >= 0x30, byte <= 0x39 {
                group = min(group * 10 + Int(byte - 0x30), PatternLimits.bytes)
                at += 1
            }
            guard group <= allGroups else {
                throw PatternError(.malformed, at: begin, "a backreference to a group that is not there")
            }
            return .reference(group)
        }
        if let set = try classEscape() { return .set(try counted(set)) }
        return .set(ScalarSet(try characterEscape()))
    }

    /// `\d \D \s \S \w \W \p{…} \P{…}`; nil where none of them stands.
    mutating func classEscape() throws(PatternError) -> ScalarSet? {
        if take("\\d") { return .digit }
        if take("\\D") { return ScalarSet.digit.complement }
        if take("\\s") { return .space }
        if take("\\S") { return ScalarSet.space.complement }
        if take("\\w") { return .word }
        if take("\\W") { return ScalarSet.word.complement }
        let begin = at
        if take("\\p") { return try property(from: begin) }
        if take("\\P") { return try property(from: begin).complement }
        return nil
    }

    private mutating func property(from begin: Int) throws(PatternError) -> ScalarSet {
        guard take("{") else { throw PatternError(.malformed, at: begin, "'\\p' without a property in braces") }
        let open = at
        while let byte = peek, byte != UInt8(ascii: "}"), at - open < 64 { at += 1 }
        let text = source[open..<at]
        guard take("}") else { throw PatternError(.malformed, at: begin, "'\\p' without a property in braces") }
        let name = text.prefix { $0 != UInt8(ascii: "=") }
        let value = text.dropFirst(name.count + 1)
        let set = UnicodeProperty.set(
            String(decoding: name, as: UTF8.self),
            value: name.count == text.count ? nil : String(decoding: value, as: UTF8.self))
        guard let set else {
            throw PatternError(.unsupported, at: begin, "'\\p' with a Unicode property that is not known")
        }
        return set
    }

    /// An escape that stands for one code point; at the backslash.
    mutating func characterEscape() throws(PatternError) -> UInt32 {
        let begin = at
        at += 1
        guard at < source.count else { throw PatternError(.malformed, at: begin, "a backslash with nothing behind it") }
        let scalar = source.takeScalar(&at)
        switch UInt8(truncatingIfNeeded: scalar < 0x80 ? scalar : 0) {
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "v"): return 0x0B
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "0"):
            if let next = peek, next >= 0x30, next <= 0x39 {
                throw PatternError(.malformed, at: begin, "an octal escape: write '\\x' and two digits")
            }
            return 0
        case UInt8(ascii: "c"):
            if let letter = peek, letter | 0x20 >= 0x61, letter | 0x20 <= 0x7A {
                at += 1
                return UInt32(letter & 0x1F)
            }
            throw PatternError(.malformed, at: begin, "'\\c' without a letter")
        case UInt8(ascii: "x"):
            guard let value = hexadecimal(2) else {
                throw PatternError(.malformed, at: begin, "'\\x' without two hexadecimal digits")
            }
            return value
        case UInt8(ascii: "u"): return try unicodeEscape(from: begin)
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "1")...UInt8(ascii: "9"):
            throw PatternError(
                .malformed, at: begin,
                "an escape that ECMA-262 does not have: '\\\(Character(Unicode.Scalar(UInt8(scalar))))'")
        default: return scalar
        }
    }

    /// Four digits, a pair of surrogates, or digits in braces; behind the `u`.
    private mutating func unicodeEscape(from begin: Int) throws(PatternError) -> UInt32 {
        if take("{") {
            var value: UInt32?
            while let digit = peek.flatMap(Self.digit) {
                value = min((value ?? 0) << 4 | digit, ScalarSet.last + 1)
                at += 1
            }
            guard let value, value <= ScalarSet.last, take("}") else {
                throw PatternError(
                    .malformed, at: begin, "'\\u{' without the hexadecimal digits of a code point and '}'")
            }
            return value
        }
        guard let high = hexadecimal(4) else {
            throw PatternError(.malformed, at: begin, "'\\u' without four hexadecimal digits")
        }
        guard high >= 0xD800, high < 0xDC00 else { return high }
        let behind = at
        guard take("\\u"), let low = hexadecimal(4), low >= 0xDC00, low < 0xE000 else {
            at = behind
            return high
        }
        return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
    }

    private mutating func hexadecimal(_ count: Int) -> UInt32? {
        guard at + count <= source.count else { return nil }
        var value: UInt32 = 0
        for index in at..<at + count {
            guard let digit = Self.digit(source[index]) else { return nil }
            value = value << 4 | digit
        }
        at += count
        return value
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte) - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte) - 0x41 + 10
        default: nil
        }
    }
}
