import CoreIngest

/// A name as SQLite writes it, always quoted. A zero byte, which Postgres's names cannot hold either, ends it.
func sqliteIdentifier(_ name: String) -> String {
    var out = "\""
    for scalar in name.unicodeScalars.prefix(while: { $0.value != 0 }) {
        if scalar == "\"" { out.unicodeScalars.append("\"") }
        out.unicodeScalars.append(scalar)
    }
    return out + "\""
}

/// How SQLite tells names apart: letters of ASCII have no case, everything else is compared byte for byte.
struct SQLiteName: Hashable {
    private let folded: [UInt8]

    init(_ name: String) {
        folded = name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    }
}

extension SQLiteName {
    /// The mirror's name of a source table: its own where it lies in `public`, else with its schema in front. Names that SQLite keeps
    /// for itself, and those of our own tables, get the schema too.
    static func table(schema: String, name: String) -> String {
        let folded = name.lowercased()
        let isOwn = folded.hasPrefix("sqlite_") || folded == "buz_cdc_positions"
        return schema.isEmpty || schema == "public" && !isOwn ? name : "\(schema).\(name)"
    }
}

extension Position {
    /// The ordinal without the bit that puts an announcement behind the event of the other bits: SQLite's integers have a sign.
    var sqliteOrdinal: Int64 { Int64(truncatingIfNeeded: ordinal & ~(1 << 63)) }
}
