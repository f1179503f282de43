/// Addresses of mail.
extension SchemaFormat {
    /// RFC 5321, section 4.1.2, `Mailbox`, with the sizes of 4.5.3.1. `international`: RFC 6531, section 3.3, where whatever is
    /// not ASCII stands in the local part and in labels; that it is normalized is advice there, not grammar.
    static func isMailbox(_ text: FormatText, international: Bool) -> Bool {
        var index = text.start
        guard
            text[index] == UInt8(ascii: "\"")
                ? skipQuoted(text, &index, international) : skipAtoms(text, &index, international),
            text[index] == UInt8(ascii: "@"), index - text.start <= 64
        else { return false }
        let domain = text.part(index + 1, text.end)
        guard domain.count <= 255 else { return false }
        if domain[domain.start] == UInt8(ascii: "[") {
            guard domain[domain.end - 1] == UInt8(ascii: "]") else { return false }
            return isAddressLiteral(text.part(domain.start + 1, domain.end - 1))
        }
        return isDomain(domain, international)
    }

    /// `Dot-string`.
    private static func skipAtoms(_ text: FormatText, _ index: inout Int, _ international: Bool) -> Bool {
        while true {
            let first = index
            while isAtomText(text[index]) || international && text[index] >= 0x80 { index += 1 }
            if index == first { return false }
            if text[index] != UInt8(ascii: ".") { return true }
            index += 1
        }
    }

    /// `Quoted-string`.
    private static func skipQuoted(_ text: FormatText, _ index: inout Int, _ international: Bool) -> Bool {
        index += 1
        while index < text.end {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") {
                guard text[index] >= 0x20, text[index] <= 0x7E else { return false }
                index += 1
            } else if byte < 0x20 || byte == 0x7F || byte >= 0x80 && !international {
                return false
            }
        }
        return false
    }

    /// `Domain`: labels of letters, digits and hyphens. One label is enough.
    private static func isDomain(_ text: FormatText, _ international: Bool) -> Bool {
        var index = text.start
        while true {
            let first = index
            var isASCII = true
            while text[index].isASCIILetter || text[index].isASCIIDigit || text[index] == UInt8(ascii: "-")
                || international && text[index] >= 0x80
            {
                if text[index] >= 0x80 { isASCII = false }
                index += 1
            }
            guard index > first, text[first] != UInt8(ascii: "-"), text[index - 1] != UInt8(ascii: "-"),
                !isASCII || index - first <= 63
            else { return false }
            if index == text.end { return true }
            guard text[index] == UInt8(ascii: ".") else { return false }
            index += 1
        }
    }

    /// RFC 5321, section 4.1.3.
    private static func isAddressLiteral(_ text: FormatText) -> Bool {
        let start = text.start
        guard text[start] | 0x20 == UInt8(ascii: "i") else { return isIPv4(text) }
        return text[start + 1] | 0x20 == UInt8(ascii: "p") && text[start + 2] | 0x20 == UInt8(ascii: "v")
            && text[start + 3] == UInt8(ascii: "6") && text[start + 4] == UInt8(ascii: ":")
            && isIPv6(text.part(start + 5, text.end))
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
            UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "{")...UInt8(ascii: "~"):
            true
        default: byte.isASCIILetter || byte.isASCIIDigit
        }
    }
}
