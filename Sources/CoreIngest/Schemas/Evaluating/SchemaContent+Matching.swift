extension SchemaContent {
    /// For people.
    var name: String {
        if !contains(.json) { return "base64" }
        return contains(.base64) ? "base64 of JSON" : "JSON in a string"
    }

    /// Whether a string's value is base64 (RFC 4648, section 4), JSON, or the base64 of JSON, as is asked.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        guard contains(.base64) else { return Self.isJSON(text) }
        guard let decoded = Self.decoded(text) else { return false }
        return !contains(.json) || decoded.withUnsafeBytes { Self.isJSON($0) }
    }

    private static func isJSON(_ text: UnsafeRawBufferPointer) -> Bool {
        var reader = JSONReader()
        do throws(JSONError) {
            _ = try reader.read(text)
            return true
        } catch {
            return false
        }
    }

    private static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in text.dropLast(padding) {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
