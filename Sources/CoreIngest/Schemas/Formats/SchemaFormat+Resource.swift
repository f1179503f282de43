/// Identifiers of resources.
extension SchemaFormat {
    /// RFC 3986, appendix A: `URI`, and `URI-reference` where `relative`. `international`: RFC 3987, section 2.2.
    static func isResourceIdentifier(_ text: FormatText, international: Bool, relative: Bool) -> Bool {
        var rest = ResourceText(text, international: international)
        let hasScheme = rest.skipScheme()
        if !hasScheme && !relative { return false }
        if rest.skip("//") {
            guard rest.skipAuthority() else { return false }
        } else if !hasScheme && rest.firstSegmentHasColon {
            return false
        }
        rest.skip(.path)
        if rest.skip("?") { rest.skip(.query) }
        if rest.skip("#") { rest.skip(.fragment) }
        return rest.isAtEnd
    }
}

/// Reads an identifier part by part. What a part may not hold ends it, so a wrong character is one that does not begin the next part.
private struct ResourceText {
    enum Part { case user, host, path, query, fragment }

    private let text: FormatText
    private let international: Bool
    private var index: Int

    init(_ text: FormatText, international: Bool) {
        self.text = text
        self.international = international
        index = text.start
    }

    var isAtEnd: Bool { index == text.end }

    mutating func skip(_ what: StaticString) -> Bool {
        for offset in 0..<what.utf8CodeUnitCount where text[index + offset] != what.utf8Start[offset] { return false }
        index += what.utf8CodeUnitCount
        return true
    }

    /// `scheme ":"`.
    mutating func skipScheme() -> Bool {
        guard text[index].isASCIILetter else { return false }
        var end = index + 1
        while text[end].isASCIILetter || text[end].isASCIIDigit || text[end] == UInt8(ascii: "+")
            || text[end] == UInt8(ascii: "-") || text[end] == UInt8(ascii: ".")
        {
            end += 1
        }
        guard text[end] == UInt8(ascii: ":") else { return false }
        index = end + 1
        return true
    }

    /// A relative path may not look as if it had a scheme.
    var firstSegmentHasColon: Bool {
        var end = index
        while end < text.end, text[end] != UInt8(ascii: "/"), text[end] != UInt8(ascii: "?"),
            text[end] != UInt8(ascii: "#")
        {
            if text[end] == UInt8(ascii: ":") { return true }
            end += 1
        }
        return false
    }

    /// `[ userinfo "@" ] host [ ":" port ]`, up to the path.
    mutating func skipAuthority() -> Bool {
        let start = index
        skip(.user)
        if !skip("@") { index = start }
        if skip("[") {
            guard skipLiteral() else { return false }
        } else {
            skip(.host)
        }
        if skip(":") { _ = text.skipDigits(&index) }
        return isAtEnd || [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(text[index])
    }

    /// `IPv6address / IPvFuture`, and the bracket that closes it.
    private mutating func skipLiteral() -> Bool {
        let start = index
        while index < text.end, text[index] != UInt8(ascii: "]") { index += 1 }
        let literal = text.part(start, index)
        guard skip("]") else { return false }
        guard literal[start] | 0x20 == UInt8(ascii: "v") else { return SchemaFormat.isIPv6(literal) }
        var at = start + 1
        while literal[at].isHexDigit { at += 1 }
        guard at > start + 1, literal[at] == UInt8(ascii: "."), at + 1 < literal.end else { return false }
        return (at + 1..<literal.end).allSatisfy { Self.holds(.user, literal[$0]) }
    }

    /// Moves past what a part may hold.
    mutating func skip(_ part: Part) {
        while true {
            let byte = text[index]
            if Self.holds(part, byte) {
                index += 1
            } else if byte == UInt8(ascii: "%") {
                if !text.skipPercentEncoded(&index) { return }
            } else if byte >= 0x80, international, let scalar = text.scalar(at: index),
                scalar.value.isUCSChar || part == .query && scalar.value.isPrivateUse
            {
                index += scalar.length
            } else {
                return
            }
        }
    }

    private static func holds(_ part: Part, _ byte: UInt8) -> Bool {
        switch byte {
        // `unreserved`, and `sub-delims` with the `$` and `&` of "!" … "/" but without `%` and `#`.
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "&")...UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        case UInt8(ascii: ":"): part != .host
        case UInt8(ascii: "@"), UInt8(ascii: "/"): part == .path || part == .query || part == .fragment
        case UInt8(ascii: "?"): part == .query || part == .fragment
        default: false
        }
    }
}

extension UInt32 {
    /// RFC 3987, section 2.2, `ucschar`.
    var isUCSChar: Bool {
        switch self {
        case 0xA0...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFEF: true
        case 0x10000...0xDFFFF: self & 0xFFFF < 0xFFFE
        case 0xE1000...0xEFFFD: true
        default: false
        }
    }

    /// RFC 3987, section 2.2, `iprivate`.
    var isPrivateUse: Bool {
        self >= 0xE000 && self <= 0xF8FF || self >= 0xF0000 && self & 0xFFFF < 0xFFFE
    }
}
