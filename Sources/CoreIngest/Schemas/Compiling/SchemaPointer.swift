/// JSON pointers (RFC 6901).
enum SchemaPointer {
    /// A name as a part of a pointer.
    static func part(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var out = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": out += "~0"
            case "/": out += "~1"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// The names of a pointer; nil when it is none.
    static func names(_ pointer: String) -> [String]? {
        guard !pointer.isEmpty else { return [] }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(name)
    }

    private static func name(_ part: Substring) -> String {
        guard part.utf8.contains(UInt8(ascii: "~")) else { return String(part) }
        var out = ""
        var rest = part.unicodeScalars
        while let scalar = rest.popFirst() {
            if scalar == "~", let next = rest.first, next == "0" || next == "1" {
                out += next == "0" ? "~" : "/"
                rest.removeFirst()
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// One step from a value: a member's value or an element.
    static func step(_ view: JSONView, _ value: Int, _ name: String) -> Int? {
        switch view.kind(value) {
        case .object: return view.member(value, named: name)
        case .array:
            guard let index = Int(name), String(index) == name, index >= 0, index < view.count(value) else {
                return nil
            }
            var elements = view.elements(value)
            for _ in 0..<index { _ = elements.next() }
            return elements.next()
        case .null, .boolean, .integer, .number, .string: return nil
        }
    }
}
