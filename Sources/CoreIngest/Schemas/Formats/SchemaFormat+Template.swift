/// Templates of URIs.
extension SchemaFormat {
    /// RFC 6570, section 2, and with the apostrophe, which its erratum allows.
    static func isTemplate(_ text: FormatText) -> Bool {
        var index = text.start
        while index < text.end {
            let byte = text[index]
            if byte == UInt8(ascii: "{") {
                guard skipExpression(text, &index) else { return false }
            } else if byte == UInt8(ascii: "%") {
                guard text.skipPercentEncoded(&index) else { return false }
            } else if byte >= 0x80 {
                guard let scalar = text.scalar(at: index), scalar.value.isUCSChar || scalar.value.isPrivateUse else {
                    return false
                }
                index += scalar.length
            } else {
                switch byte {
                case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
                    UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                    return false
                default: index += 1
                }
            }
        }
        return true
    }

    /// `"{" [ operator ] variable-list "}"`.
    private static func skipExpression(_ text: FormatText, _ index: inout Int) -> Bool {
        index += 1
        switch text[index] {
        case UInt8(ascii: "+"), UInt8(ascii: "#"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ";"),
            UInt8(ascii: "?"), UInt8(ascii: "&"),
            // Reserved for extensions, but in the grammar.
            UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "|"):
            index += 1
        default: break
        }
        while true {
            guard skipVariable(text, &index) else { return false }
            index += 1
            if text[index - 1] == UInt8(ascii: "}") { return true }
            guard text[index - 1] == UInt8(ascii: ",") else { return false }
        }
    }

    /// `varname [ ":" max-length / "*" ]`.
    private static func skipVariable(_ text: FormatText, _ index: inout Int) -> Bool {
        while true {
            let first = index
            while text.skipPercentEncoded(&index) || skipNameCharacter(text, &index) {}
            if index == first { return false }
            if text[index] != UInt8(ascii: ".") { break }
            index += 1
        }
        if text[index] == UInt8(ascii: "*") {
            index += 1
        } else if text[index] == UInt8(ascii: ":") {
            let digits = index + 1
            index = digits
            guard text.skipDigits(&index), text[digits] != UInt8(ascii: "0"), index - digits <= 4 else { return false }
        }
        return true
    }

    private static func skipNameCharacter(_ text: FormatText, _ index: inout Int) -> Bool {
        guard text[index].isASCIILetter || text[index].isASCIIDigit || text[index] == UInt8(ascii: "_") else {
            return false
        }
        index += 1
        return true
    }
}
