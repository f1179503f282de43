/// The value of a string, or a part of it, as the rules of formats read it. Bytes outside of it read as zero, which no rule
/// takes: rules look ahead without asking where the end is, and no index can leave the buffer.
struct FormatText {
    private let bytes: UnsafeRawBufferPointer
    let start: Int
    let end: Int

    /// UTF-8, with the escapes of JSON resolved.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        start = 0
        end = bytes.count
    }

    private init(_ text: FormatText, _ start: Int, _ end: Int) {
        bytes = text.bytes
        self.start = max(start, text.start)
        self.end = max(self.start, min(end, text.end))
    }

    var count: Int { end &- start }

    @inline(__always) subscript(index: Int) -> UInt8 {
        index >= start && index < end ? bytes[index] : 0
    }

    /// A part, with the indices of the whole.
    func part(_ start: Int, _ end: Int) -> FormatText { FormatText(self, start, end) }

    /// The code point at an index and its number of bytes; nil at the end and for what is not UTF-8.
    func scalar(at index: Int) -> (value: UInt32, length: Int)? {
        let first = self[index]
        func next(_ offset: Int) -> UInt32? {
            let byte = self[index + offset]
            return byte & 0xC0 == 0x80 ? UInt32(byte & 0x3F) : nil
        }
        switch first {
        case 0 where index >= end: return nil
        case 0...0x7F: return (UInt32(first), 1)
        case 0xC2...0xDF:
            guard let second = next(1) else { return nil }
            return (UInt32(first & 0x1F) << 6 | second, 2)
        case 0xE0...0xEF:
            guard let second = next(1), let third = next(2) else { return nil }
            let value = UInt32(first & 0xF) << 12 | second << 6 | third
            return value < 0x800 || value & 0xFFFF_F800 == 0xD800 ? nil : (value, 3)
        case 0xF0...0xF4:
            guard let second = next(1), let third = next(2), let fourth = next(3) else { return nil }
            let value = UInt32(first & 0x7) << 18 | second << 12 | third << 6 | fourth
            return value < 0x10000 || value > 0x10FFFF ? nil : (value, 4)
        default: return nil
        }
    }

    /// The number of exactly so many ASCII digits.
    func number(at index: Int, digits: Int) -> Int? {
        var value = 0
        for offset in 0..<digits {
            guard self[index + offset].isASCIIDigit else { return nil }
            value = value &* 10 &+ Int(self[index + offset] &- 0x30)
        }
        return value
    }

    /// Moves past ASCII digits; false when there is none.
    func skipDigits(_ index: inout Int) -> Bool {
        let first = index
        while self[index].isASCIIDigit { index += 1 }
        return index > first
    }

    /// Moves past `%` and two hexadecimal digits; false when they are not there.
    func skipPercentEncoded(_ index: inout Int) -> Bool {
        guard self[index] == UInt8(ascii: "%"), self[index + 1].isHexDigit, self[index + 2].isHexDigit else {
            return false
        }
        index += 3
        return true
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self &- 0x30 < 10 }
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isHexDigit: Bool { isASCIIDigit || (self | 0x20) &- 0x61 < 6 }
}
