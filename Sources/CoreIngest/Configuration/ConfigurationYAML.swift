/// Writes values of a configuration as YAML that ``ConfigurationReader`` reads back to the same.
enum ConfigurationYAML {
    /// A text as a scalar: plain where it is plainly a text, else in double quotes. `${` is escaped for ``ValueExpander``.
    static func text(_ text: String) -> String {
        let text = text.replacing("${", with: "$${")
        return isPlain(text) ? text : quoted(text)
    }

    /// A literal on one line, as it is: variables stay variables.
    static func flow(_ literal: ConfigurationLiteral) -> String {
        switch literal {
        case .scalar(let text): isWord(text) || isPlain(text, allowing: "${}") ? text : quoted(text)
        case .list(let items): "[" + items.map(quoted).joined(separator: ", ") + "]"
        }
    }

    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            default:
                // What YAML calls printable, without the line separators and the byte order mark.
                let code = scalar.value
                let isPrintable =
                    (0x20...0x7E).contains(code) || code >= 0xA0 && ![0x2028, 0x2029, 0xFEFF].contains(code)
                if isPrintable {
                    out.unicodeScalars.append(scalar)
                } else {
                    let digits = String(code, radix: 16)
                    out +=
                        (code > 0xFFFF ? "\\U" : "\\u")
                        + String(repeating: "0", count: (code > 0xFFFF ? 8 : 4) - digits.count) + digits
                }
            }
        }
        return out + "\""
    }

    /// Whether some YAML reader takes a text for something else than a text.
    private static func isWord(_ text: String) -> Bool {
        ["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
    }

    /// Whether a text can stand without quotes: letters, digits and a few signs that mean nothing to YAML there.
    private static func isPlain(_ text: String, allowing more: String = "") -> Bool {
        guard let first = text.utf8.first else { return false }
        guard
            TextRule.isAlphanumeric(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: ".")
                || first == UInt8(ascii: "$")
        else { return false }
        if isWord(text) { return false }
        let signs = Array("-_./@?=+$".utf8) + Array(more.utf8)
        // No blanks at all are let through, so a colon means nothing but at the end.
        let allowed = text.utf8.allSatisfy {
            TextRule.isAlphanumeric($0) || signs.contains($0) || $0 == UInt8(ascii: ":")
        }
        return allowed && !text.hasSuffix(":")
    }
}
