/// Numbers as Postgres writes them.
enum NumberText {
    /// Whether the text is a JSON number: `-12.50`, `1e+20`; not `NaN` or `Infinity`. Source: RFC 8259, section 6.
    static func isJSONNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        let count = bytes.count
        var index = 0
        @inline(__always) func peek() -> UInt8 { index < count ? base.load(fromByteOffset: index, as: UInt8.self) : 0 }
        @inline(__always) func digits() -> Bool {
            let start = index
            while index < count, base.load(fromByteOffset: index, as: UInt8.self) &- 0x30 < 10 { index &+= 1 }
            return index > start
        }
        if peek() == UInt8(ascii: "-") { index &+= 1 }
        if peek() == UInt8(ascii: "0") {
            index &+= 1
        } else if !digits() {
            return false
        }
        if index == count { return true }
        if peek() == UInt8(ascii: ".") {
            index &+= 1
            guard digits() else { return false }
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index &+= 1 }
            guard digits() else { return false }
        }
        return index == count
    }
}
