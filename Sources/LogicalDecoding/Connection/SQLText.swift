/// Writes names and values into SQL, where parameters are not to be had: the replication protocol has none.
enum SQLText {
    /// `"name"`, with inner quotes doubled.
    static func identifier(_ name: String) -> String {
        "\"" + doubled(name, "\"") + "\""
    }

    /// `"schema"."name"`
    static func identifier(_ schema: String, _ name: String) -> String {
        identifier(schema) + "." + identifier(name)
    }

    /// `'value'`; with a backslash in it as ` E'…'`, which means the same whatever standard_conforming_strings is.
    static func literal(_ value: String) -> String {
        guard value.contains("\\") else { return "'" + doubled(value, "'") + "'" }
        return " E'" + doubled(doubled(value, "'"), "\\") + "'"
    }

    /// A literal of the replication grammar, which knows no backslashes.
    static func replicationLiteral(_ value: String) -> String { "'" + doubled(value, "'") + "'" }

    private static func doubled(_ text: String, _ character: Character) -> String {
        var out = ""
        for next in text {
            if next == character { out.append(character) }
            out.append(next)
        }
        return out
    }
}
