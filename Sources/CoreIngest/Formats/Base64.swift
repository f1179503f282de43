extension ByteArena {
    /// Appends bytes in base64 (RFC 4648, section 4), with padding.
    package mutating func append(base64 bytes: UnsafeRawBufferPointer) {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        let letters = UnsafeRawBufferPointer(start: alphabet.utf8Start, count: 64)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index + 2]) }
            append(letters[Int(group >> 18)])
            append(letters[Int(group >> 12 & 63)])
            append(left > 1 ? letters[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            append(left > 2 ? letters[Int(group & 63)] : UInt8(ascii: "="))
            index += 3
        }
    }
}
