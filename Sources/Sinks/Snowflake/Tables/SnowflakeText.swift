/// A name as statements write it: always quoted, so that case and reserved words are kept.
func snowflakeIdentifier(_ name: String) -> String { NameRules.snowflake.quoted(name) }

/// A text as statements write it. A backslash begins an escape in Snowflake's literals.
func snowflakeLiteral(_ text: String) -> String {
    var out = "'"
    for scalar in text.unicodeScalars {
        if scalar == "'" || scalar == "\\" { out.unicodeScalars.append(scalar) }
        out.unicodeScalars.append(scalar)
    }
    return out + "'"
}

/// A table of the sink's database.
struct SnowflakeTable: Hashable, CustomStringConvertible {
    var schema: String
    var name: String

    /// As statements write it.
    var sql: String { "\(snowflakeIdentifier(schema)).\(snowflakeIdentifier(name))" }
    /// For people.
    var description: String { "\(schema).\(name)" }
}
