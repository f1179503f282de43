/// A URI reference in its parts (RFC 3986), for identifiers of schemas. Nothing is ever fetched by one.
struct SchemaURI: Equatable {
    var scheme: String?
    var authority: String?
    var path: String
    var query: String?
    /// Without its `#`; nil when there is none.
    var fragment: String?

    /// The parts by the expression of RFC 3986, appendix B: any text has them.
    init(_ text: String) {
        var rest = Substring(text)
        if let hash = rest.firstIndex(of: "#") {
            fragment = String(rest[rest.index(after: hash)...])
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let colon = rest.firstIndex(of: ":"), colon != rest.startIndex, !rest[..<colon].contains("/") {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        path = String(rest)
    }

    /// A reference seen from this URI (RFC 3986, section 5.2).
    func resolve(_ reference: String) -> SchemaURI {
        var result = SchemaURI(reference)
        if result.scheme != nil {
            result.path = Self.withoutDots(result.path)
            return result
        }
        result.scheme = scheme
        if result.authority != nil {
            result.path = Self.withoutDots(result.path)
            return result
        }
        result.authority = authority
        if result.path.isEmpty {
            result.path = path
            if result.query == nil { result.query = query }
        } else if result.path.first == "/" {
            result.path = Self.withoutDots(result.path)
        } else {
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? (authority != nil ? "/" : "")
            result.path = Self.withoutDots(folder + result.path)
        }
        return result
    }

    private static func withoutDots(_ path: String) -> String {
        guard path.contains("."), path.contains("/") else { return path }
        var parts: [Substring] = []
        let all = path.split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in all.enumerated() {
            let isLast = index == all.count - 1
            if part == ".." {
                if let last = parts.last, !(parts.count == 1 && last.isEmpty) { parts.removeLast() }
                if isLast { parts.append("") }
            } else if part == "." {
                if isLast { parts.append("") }
            } else {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }

    /// Without its fragment: what a resource is known by.
    var resource: String {
        var text = scheme.map { $0 + ":" } ?? ""
        if let authority { text += "//" + authority }
        text += path
        if let query { text += "?" + query }
        return text
    }

    /// The fragment with its escapes resolved; nil when they are malformed.
    var plainFragment: String? {
        var bytes: [UInt8] = []
        var rest = Array((fragment ?? "").utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(), let a = JSONString.hexValue(high),
                let b = JSONString.hexValue(low)
            else { return nil }
            bytes.append(UInt8(a << 4 | b))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
