/// Questions about bytes that are asked for every value, eight bytes at a time.
enum TextEncoding {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Whether all bytes are ASCII that a JSON string holds as it is: no control characters, quotes, backslashes.
    @inline(__always)
    static func isPlainASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        if count < 8 {
            for index in 0..<count {
                let byte = base.load(fromByteOffset: index, as: UInt8.self)
                if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    return false
                }
            }
            return true
        }
        var index = 0
        var hit: UInt64 = 0
        while index &+ 8 <= count {
            hit |= special(base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        // The last eight bytes once more, overlapping.
        hit |= special(base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        return hit & highs == 0
    }

    /// The high bit of a byte is set when one below 0x20, above 0x7F, a quote or a backslash is in the word.
    @inline(__always)
    private static func special(_ word: UInt64) -> UInt64 {
        let control = (word &- ones &* 0x20) & ~word
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        return word | control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
    }

    /// Whether all bytes are printable ASCII or above 0x7F and below: nothing under 0x20, and no high bit.
    @inline(__always)
    static func isPrintableASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        var hit: UInt64 = 0
        while index &+ 8 <= count {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            hit |= word | ((word &- ones &* 0x20) & ~word)
            index &+= 8
        }
        guard hit & highs == 0 else { return false }
        while index < count {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            if byte < 0x20 || byte >= 0x80 { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. Source: Unicode, table
    /// 3-7.
    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        func isContinuation(_ offset: Int, from low: UInt8 = 0x80, to high: UInt8 = 0xBF) -> Bool {
            guard offset < count else { return false }
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            return byte >= low && byte <= high
        }
        while index < count {
            if index &+ 8 <= count, base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & highs == 0 {
                index &+= 8
                continue
            }
            let lead = base.load(fromByteOffset: index, as: UInt8.self)
            switch lead {
            case 0..<0x80:
                index &+= 1
            case 0xC2...0xDF:
                guard isContinuation(index + 1) else { return false }
                index &+= 2
            case 0xE0...0xEF:
                let low: UInt8 = lead == 0xE0 ? 0xA0 : 0x80
                let high: UInt8 = lead == 0xED ? 0x9F : 0xBF
                guard isContinuation(index + 1, from: low, to: high), isContinuation(index + 2) else { return false }
                index &+= 3
            case 0xF0...0xF4:
                let low: UInt8 = lead == 0xF0 ? 0x90 : 0x80
                let high: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
                guard isContinuation(index + 1, from: low, to: high), isContinuation(index + 2),
                    isContinuation(index + 3)
                else { return false }
                index &+= 4
            default:
                return false
            }
        }
        return true
    }
}
