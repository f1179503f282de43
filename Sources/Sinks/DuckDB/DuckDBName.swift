import CoreIngest

extension NameRules {
    /// DuckDB's: letters of ASCII have no case, everything else is compared byte for byte.
    static let duckDB = NameRules("DuckDB", quote: "\"", folding: .ascii, mostColumns: 2000)
}

/// A name as statements write it, always quoted.
func duckDBIdentifier(_ name: String) -> String { NameRules.duckDB.quoted(name) }

/// A text as statements write it.
func duckDBLiteral(_ text: String) -> String {
    var out = "'"
    for scalar in text.unicodeScalars where scalar.value != 0 {
        if scalar == "'" { out.unicodeScalars.append(scalar) }
        out.unicodeScalars.append(scalar)
    }
    return out + "'"
}

/// A table of the file.
struct DuckDBTable: Hashable {
    var schema: String
    var name: String

    /// Where the sink's own tables are, and those of Postgres's `public`.
    static let main = "main"
    /// What a write has for one table. Temporary.
    static let stage = "buz_cdc_stage"
    /// The rows of which the source sent some columns only, as they were. Temporary.
    static let former = "buz_cdc_former"

    /// The mirror of a source table: of the same name, in the same schema, but that `public` is `main`. Names of our own tables get the
    /// schema in front.
    static func mirror(schema: String, name: String) -> DuckDBTable {
        guard schema == "public" || schema.isEmpty else { return DuckDBTable(schema: schema, name: name) }
        let own = [stage, former, DuckDBPositions.table].contains(name.lowercased())
        return DuckDBTable(schema: main, name: own ? "public.\(name)" : name)
    }

    /// As statements write it; `database` as DuckDB names the file, as a schema alone may be another file's name.
    func sql(in database: String) -> String {
        "\(duckDBIdentifier(database)).\(duckDBIdentifier(schema)).\(duckDBIdentifier(name))"
    }

    var label: String { schema == Self.main ? name : "\(schema).\(name)" }
    var folded: ExactText {
        ExactText("\(NameRules.duckDB.folded(schema).wrappedValue)\u{1F}\(NameRules.duckDB.folded(name).wrappedValue)")
    }
}
