/// Names of hosts.
extension SchemaFormat {
    /// RFC 1123, section 2.1: labels of letters, digits and hyphens; no dot at the end. `decodingLabels`: a label that says that
    /// it is Punycode must be so, and must hold what RFC 5891 allows.
    static func isHostname(_ text: FormatText, decodingLabels: Bool) -> Bool {
        guard text.count <= 253 else { return false }
        var direction = LabelDirection()
        var index = text.start
        while true {
            let first = index
            while text[index].isASCIILetter || text[index].isASCIIDigit || text[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard isLabel(text.part(first, index), decoding: decodingLabels, &direction) else { return false }
            if index == text.end { return direction.isConsistent }
            guard text[index] == UInt8(ascii: ".") else { return false }
            index += 1
        }
    }

    /// RFC 5890, section 2.3.2: as above, and labels may be written with the code points that RFC 5892 allows. The dots of
    /// RFC 3490, section 3.1, part labels too.
    static func isInternationalHostname(_ text: FormatText) -> Bool {
        var direction = LabelDirection()
        var index = text.start
        /// Bytes of the name with its labels in Punycode.
        var length = 0
        while true {
            let first = index
            var isASCII = true
            while index < text.end, separator(text, index) == 0 {
                if text[index] >= 0x80 { isASCII = false }
                index += 1
            }
            let label = text.part(first, index)
            if isASCII {
                let hasReservedHyphens =
                    label[first + 2] == UInt8(ascii: "-") && label[first + 3] == UInt8(ascii: "-")
                guard isLabel(label, decoding: true, &direction), !hasReservedHyphens || isEncoded(label) else {
                    return false
                }
                length += label.count
            } else {
                guard let scalars = LabelScalars(label), scalars.isAllowed,
                    let encoded = Punycode.encode(scalars), encoded.count <= 59
                else { return false }
                direction.add(scalars)
                length += 4 + encoded.count
            }
            guard length <= 253 else { return false }
            if index == text.end { return direction.isConsistent }
            index += separator(text, index)
            length += 1
        }
    }

    /// One label of ASCII.
    private static func isLabel(_ label: FormatText, decoding: Bool, _ direction: inout LabelDirection) -> Bool {
        guard label.count > 0, label.count <= 63, label[label.start] != UInt8(ascii: "-"),
            label[label.end - 1] != UInt8(ascii: "-")
        else { return false }
        for index in label.start..<label.end
        where !label[index].isASCIILetter && !label[index].isASCIIDigit && label[index] != UInt8(ascii: "-") {
            return false
        }
        guard decoding else { return true }
        guard isEncoded(label) else {
            direction.addASCII(first: label[label.start])
            return true
        }
        // The label must come out of its code points again, letter for letter.
        let encoded = label.part(label.start + 4, label.end)
        guard let scalars = Punycode.decode(encoded), !scalars.isASCII, scalars.isAllowed,
            let again = Punycode.encode(scalars), again.equals(encoded)
        else { return false }
        direction.add(scalars)
        return true
    }

    /// Whether a label begins with `xn--`.
    private static func isEncoded(_ label: FormatText) -> Bool {
        let start = label.start
        return label[start] | 0x20 == UInt8(ascii: "x") && label[start + 1] | 0x20 == UInt8(ascii: "n")
            && label[start + 2] == UInt8(ascii: "-") && label[start + 3] == UInt8(ascii: "-")
    }

    /// Bytes of the dot at an index: full stop, or U+3002, U+FF0E, U+FF61; 0 where there is none.
    private static func separator(_ text: FormatText, _ index: Int) -> Int {
        switch text[index] {
        case UInt8(ascii: "."): return 1
        case 0xE3: return text[index + 1] == 0x80 && text[index + 2] == 0x82 ? 3 : 0
        case 0xEF:
            return text[index + 1] == 0xBC && text[index + 2] == 0x8E
                || text[index + 1] == 0xBD && text[index + 2] == 0xA1 ? 3 : 0
        default: return 0
        }
    }
}
