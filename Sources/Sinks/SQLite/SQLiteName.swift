import CoreIngest

extension NameRules {
    /// SQLite's: letters of ASCII have no case, everything else is compared byte for byte.
    static let sqlite = NameRules("SQLite", quote: "\"", folding: .ascii, mostColumns: 1990)
}

/// A name as SQLite writes it, always quoted.
func sqliteIdentifier(_ name: String) -> String { NameRules.sqlite.quoted(name) }

/// The mirror's name of a source table: its own where it lies in `public`, else with its schema in front. Names that SQLite keeps
/// for itself, and those of our own tables, get the schema too.
func sqliteTable(schema: String, name: String) -> String {
    let folded = name.lowercased()
    let isOwn = folded.hasPrefix("sqlite_") || folded == "buz_cdc_positions"
    return schema.isEmpty || schema == "public" && !isOwn ? name : "\(schema).\(name)"
}
