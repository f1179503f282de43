import CoreIngest

/// A table of the destination: schema and name as they are, unquoted.
struct PostgresTable: Hashable, Sendable, CustomStringConvertible {
    @ExactText var schema: String
    @ExactText var name: String

    /// For SQL text: `"schema"."name"`.
    var sql: String { "\(postgresIdentifier(schema)).\(postgresIdentifier(name))" }
    /// For people.
    var description: String { "\(schema).\(name)" }
}

/// A name as SQL writes it, always quoted: reserved words, case, blanks and any script are kept.
func postgresIdentifier(_ name: String) -> String {
    var out = "\""
    for scalar in name.unicodeScalars {
        if scalar == "\"" { out.unicodeScalars.append("\"") }
        out.unicodeScalars.append(scalar)
    }
    return out + "\""
}

/// A text as SQL writes it, where `standard_conforming_strings` is on, as our sessions have it.
func postgresLiteral(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}

/// Names as the text of a `text[]`, for a parameter.
func postgresTextArray(_ names: [String]) -> String {
    var out = "{"
    for (index, name) in names.enumerated() {
        if index > 0 { out += "," }
        out += "\""
        for scalar in name.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { out.unicodeScalars.append("\\") }
            out.unicodeScalars.append(scalar)
        }
        out += "\""
    }
    return out + "}"
}
