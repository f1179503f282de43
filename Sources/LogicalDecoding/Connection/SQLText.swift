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
        guard value.unicodeScalars.contains("\\") else { return "'" + doubled(value, "'") + "'" }
        return " E'" + doubled(doubled(value, "'"), "\\") + "'"
    }

    /// A literal of the replication grammar, which knows no backslashes.
    static func replicationLiteral(_ value: String) -> String { "'" + doubled(value, "'") + "'" }

    /// By scalars: a quote that is followed by a combining mark is one character with it, and a quote nevertheless.
    private static func doubled(_ text: String, _ scalar: Unicode.Scalar) -> String {
        var out = ""
        for next in text.unicodeScalars {
            if next == scalar { out.unicodeScalars.append(scalar) }
            out.unicodeScalars.append(next)
        }
        return out
    }
}
