package import CoreIngest

/// Percent-encoding (RFC 3986, section 2.1).
package enum PercentText {
    /// Appends `text` decoded; `%` without two hexadecimal digits stays as it is. False where there was such a one.
    @discardableResult
    package static func append(_ text: UnsafeRawBufferPointer, plusIsSpace: Bool, to arena: inout ByteArena) -> Bool {
        var isWellFormed = true
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "%") {
                if index + 2 < text.count, let high = nibble(text[index + 1]), let low = nibble(text[index + 2]) {
                    arena.append(high << 4 | low)
                    index += 3
                    continue
                }
                isWellFormed = false
            }
            arena.append(byte == UInt8(ascii: "+") && plusIsSpace ? 0x20 : byte)
            index += 1
        }
        return isWellFormed
    }

    /// The value of a hexadecimal digit.
    package static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

extension ByteArena {
    /// Replaces each malformed UTF-8 sequence past `start` by U+FFFD. Answers whether there was any.
    @discardableResult
    package mutating func repairUTF8(from start: Int) -> Bool {
        let tail = UnsafeRawBufferPointer(rebasing: bytes[start...])
        if tail.allSatisfy({ $0 < 0x80 }) || String(validating: tail, as: UTF8.self) != nil { return false }
        let text = String(decoding: tail, as: UTF8.self)
        truncate(to: start)
        append(text: text)
        return true
    }
}
