/// JSON pointers.
extension SchemaFormat {
    /// RFC 6901, section 3. Not its form in a fragment of a URI.
    static func isPointer(_ text: FormatText) -> Bool {
        if text.count == 0 { return true }
        guard text[text.start] == UInt8(ascii: "/") else { return false }
        for index in text.start..<text.end where text[index] == UInt8(ascii: "~") {
            guard text[index + 1] == UInt8(ascii: "0") || text[index + 1] == UInt8(ascii: "1") else { return false }
        }
        return true
    }

    /// A number of levels up, then a pointer or `#`: draft-bhutton-relative-json-pointer, in the form that the dialects name.
    static func isRelativePointer(_ text: FormatText) -> Bool {
        var index = text.start
        guard text.skipDigits(&index), index == text.start + 1 || text[text.start] != UInt8(ascii: "0") else {
            return false
        }
        if text[index] == UInt8(ascii: "#") { return index + 1 == text.end }
        return isPointer(text.part(index, text.end))
    }
}
