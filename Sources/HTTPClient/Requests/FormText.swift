/// Percent-encoding for paths, queries and forms: all but the unreserved characters of RFC 3986 section 2.3, in upper case.
package enum FormText {
    package static func escaped(_ text: String) -> String { escaped(text, keepingSlashes: false) }

    /// A path: its slashes stay.
    package static func path(_ text: String) -> String { escaped(text, keepingSlashes: true) }

    private static func escaped(_ text: String, keepingSlashes: Bool) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "/") where keepingSlashes: out += "/"
            default:
                out += byte < 16 ? "%0" : "%"
                out += String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    /// `application/x-www-form-urlencoded`
    static func body(_ fields: [(String, String)]) -> [UInt8] {
        Array(fields.map { "\(escaped($0))=\(escaped($1))" }.joined(separator: "&").utf8)
    }
}
