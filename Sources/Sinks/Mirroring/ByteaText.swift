import CoreIngest

/// `bytea` as payloads have it: `\x01ff`.
extension ByteArena {
    /// Appends the bytes that a text like `\x01ff` says; false, with nothing appended, when it is not of that form.
    mutating func append(bytesOf text: UnsafeRawBufferPointer) -> Bool {
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            return false
        }
        let start = count
        reserve(text.count / 2)
        var at = 2
        while at < text.count {
            guard let high = Self.nibble(text[at]), let low = Self.nibble(text[at + 1]) else {
                truncate(to: start)
                return false
            }
            append(high << 4 | low)
            at += 2
        }
        return true
    }

    /// Appends the text of some bytes.
    mutating func append(postgresBytes bytes: UnsafeRawBufferPointer) {
        append("\\x")
        for byte in bytes { append(hex: UInt64(byte), digits: 2) }
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        case 0x41...0x46: byte - 0x37
        default: nil
        }
    }
}
