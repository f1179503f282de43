/// Addresses of the Internet Protocol.
extension SchemaFormat {
    /// RFC 2673, section 3.2: four decimal numbers without leading zeros.
    static func isIPv4(_ text: FormatText) -> Bool {
        var index = text.start
        for octet in 0..<4 {
            if octet > 0 {
                guard text[index] == UInt8(ascii: ".") else { return false }
                index += 1
            }
            let first = index
            var value = 0
            while index - first < 3, text[index].isASCIIDigit {
                value = value * 10 + Int(text[index] &- 0x30)
                index += 1
            }
            guard index > first, value < 256, index == first + 1 || text[first] != UInt8(ascii: "0") else {
                return false
            }
        }
        return index == text.end
    }

    /// RFC 4291, section 2.2: eight groups, or fewer and one `::`, the last two perhaps written as IPv4. No zone, no prefix.
    static func isIPv6(_ text: FormatText) -> Bool {
        let colon = UInt8(ascii: ":")
        var index = text.start
        var groups = 0
        var isShortened = false
        if text[index] == colon {
            guard text[index + 1] == colon else { return false }
            index += 2
            isShortened = true
        }
        while index < text.end {
            let first = index
            while index - first < 4, text[index].isHexDigit { index += 1 }
            if text[index] == UInt8(ascii: ".") {
                groups += 2
                guard isIPv4(text.part(first, text.end)) else { return false }
                index = text.end
                break
            }
            guard index > first else { return false }
            groups += 1
            if index == text.end { break }
            guard text[index] == colon, groups < 8 else { return false }
            index += 1
            if text[index] == colon {
                guard !isShortened else { return false }
                isShortened = true
                index += 1
            } else if index == text.end {
                return false
            }
        }
        return isShortened ? groups < 8 : groups == 8
    }

    /// RFC 4122, section 3: the hexadecimal form, of any version and variant.
    static func isUUID(_ text: FormatText) -> Bool {
        guard text.count == 36 else { return false }
        for index in 0..<36 {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                if text[text.start + index] != UInt8(ascii: "-") { return false }
            } else if !text[text.start + index].isHexDigit {
                return false
            }
        }
        return true
    }
}
