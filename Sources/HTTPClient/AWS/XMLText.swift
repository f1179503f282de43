/// What is read of AWS's answers in XML: the texts of elements that hold no others. No document is built, and nothing in one is
/// followed: declarations and entities of its own count as text.
package enum XMLText {
    /// The texts of all elements of a name, in order, with XML's five entities and character references resolved.
    package static func values(of name: String, in bytes: [UInt8]) -> [String] {
        let begin = Array("<\(name)>".utf8)
        let end = Array("</\(name)>".utf8)
        var values: [String] = []
        var rest = bytes[...]
        while let start = find(begin, in: rest) {
            rest = rest[(start + begin.count)...]
            guard let stop = find(end, in: rest) else { break }
            values.append(unescaped(rest[..<stop]))
            rest = rest[(stop + end.count)...]
        }
        return values
    }

    package static func value(of name: String, in bytes: [UInt8]) -> String? { values(of: name, in: bytes).first }

    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while let start = rest.firstIndex(of: pattern[0]) {
            rest = rest[start...]
            if rest.starts(with: pattern) { return start }
            rest = rest.dropFirst()
        }
        return nil
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&"), let stop = rest.prefix(10).firstIndex(of: UInt8(ascii: ";")),
                let character = entity(String(decoding: rest[..<stop], as: UTF8.self))
            else {
                out.append(byte)
                continue
            }
            out += Array(String(character).utf8)
            rest = rest[(stop + 1)...]
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func entity(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return code.flatMap { Unicode.Scalar($0) }
        }
    }
}
