/// A JSON value as the configuration's schema needs it, written for people: indented, members in the order given.
indirect enum SchemaJSON {
    case text(String)
    /// A number, or a word such as `true`, as it is.
    case literal(String)
    case array([SchemaJSON])
    case object([(String, SchemaJSON)])

    static func texts(_ items: [String]) -> SchemaJSON { .array(items.map { .text($0) }) }

    /// Two blanks for each level, no newline at the end.
    func text(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return Self.quoted(text)
        case .literal(let literal): return literal
        case .array(let items):
            let isFlat = items.allSatisfy { if case .object = $0 { false } else { true } }
            if isFlat { return "[" + items.map { $0.text() }.joined(separator: ", ") + "]" }
            return "[\n" + items.map { inner + $0.text(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.text(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var arena = ByteArena(capacity: text.utf8.count + 2)
        arena.appendJSONString(text: text)
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}
