extension ByteArena {
    /// Appends `bytes` as a JSON string with its quotes: `"`, `\` and control characters escaped, the rest as it is.
    ///
    /// The input must be UTF-8 already; see ``appendJSONString(repairing:)`` for bytes of unknown encoding.
    @inlinable public mutating func appendJSONString(_ bytes: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        appendJSONStringContent(bytes)
        append(UInt8(ascii: "\""))
    }

    /// Appends the inside of a JSON string, without quotes.
    @inlinable public mutating func appendJSONStringContent(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let end = bytes.count
        reserve(end)
        var start = 0
        var index = 0
        while index < end {
            // Eight bytes at a time: a byte needs escaping when it is below 0x20, or is a quote, or a backslash.
            while index &+ 8 <= end {
                let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if Self.mayNeedEscape(word) { break }
                index &+= 8
            }
            var stop = index &+ 8 < end ? index &+ 8 : end
            while index < stop {
                let byte = source.load(fromByteOffset: index, as: UInt8.self)
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    append(UnsafeRawBufferPointer(start: source + start, count: index - start))
                    appendEscape(byte)
                    start = index &+ 1
                    stop = index &+ 1
                }
                index &+= 1
            }
        }
        append(UnsafeRawBufferPointer(start: source + start, count: end - start))
    }

    @inlinable static func mayNeedEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let control = (word &- ones &* 0x20) & ~word
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let hit = control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        return hit & highs != 0
    }

    @usableFromInline @inline(never)
    mutating func appendEscape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        default:
            append("u00")
            append(Self.hexDigit(byte >> 4))
            append(Self.hexDigit(byte & 15))
        }
    }

    /// Appends `bytes` as a JSON string, each malformed UTF-8 sequence replaced by U+FFFD. Answers whether any was.
    public mutating func appendJSONString(repairing bytes: UnsafeRawBufferPointer) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        var copy = text
        let repaired = copy.withUTF8 { utf8 in
            appendJSONString(UnsafeRawBufferPointer(utf8))
            return utf8.count != bytes.count || !UnsafeRawBufferPointer(utf8).elementsEqual(bytes)
        }
        return repaired
    }

    /// Appends a Swift string as a JSON string with its quotes.
    public mutating func appendJSONString(text: String) {
        var text = text
        text.withUTF8 { appendJSONString(UnsafeRawBufferPointer($0)) }
    }

    /// Appends an unsigned integer in decimal.
    @inlinable public mutating func append(decimal value: UInt64) {
        reserve(20)
        var digits = 1
        var probe = value
        while probe >= 10 {
            probe /= 10
            digits &+= 1
        }
        var rest = value
        var position = used &+ digits
        repeat {
            position &-= 1
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, toByteOffset: position, as: UInt8.self)
            rest /= 10
        } while rest > 0
        used &+= digits
    }

    /// Appends a signed integer in decimal.
    @inlinable public mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// Appends the low `digits` hexadecimal digits of a value, lower case.
    @inlinable public mutating func append(hex value: UInt64, digits: Int) {
        reserve(digits)
        var shift = (digits &- 1) &* 4
        while shift >= 0 {
            base.storeBytes(
                of: Self.hexDigit(UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15),
                toByteOffset: used, as: UInt8.self)
            used &+= 1
            shift &-= 4
        }
    }

    @inlinable static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57
    }
}
