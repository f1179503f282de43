/// Numbers that come as text.
package enum NumberText {
    /// Whether the text is a number as JSON writes it (RFC 8259, section 6); with `isWhole` without fraction and exponent.
    package static func isNumber(_ text: UnsafeRawBufferPointer, isWhole: Bool = false) -> Bool {
        var index = 0
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        let first = index
        let whole = digits(text, &index)
        guard whole > 0, whole == 1 || text[first] != UInt8(ascii: "0") else { return false }
        if index == text.count { return true }
        if isWhole { return false }
        if text[index] == UInt8(ascii: ".") {
            index += 1
            guard digits(text, &index) > 0 else { return false }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            guard digits(text, &index) > 0 else { return false }
        }
        return index == text.count
    }

    private static func digits(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Int {
        let start = index
        while index < text.count, text[index] &- 0x30 < 10 { index += 1 }
        return index - start
    }
}
