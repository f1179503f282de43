extension NameRules {
    /// ClickHouse's: compared byte for byte. Parts of tables are files named after the columns, so names have a length.
    static let clickHouse = NameRules(
        "ClickHouse", quote: "`", escapesBackslash: true, folding: .none, mostBytes: 80, mostColumns: 5000)
}

/// A table of a ClickHouse database.
struct ClickHouseTable: Hashable, Sendable {
    var database: String
    var name: String

    init(_ database: String, _ name: String) {
        self.database = database
        self.name = NameRules.clickHouse.mapped(name)
    }

    /// The mirror of a source table: of its name where it lies in `public`, else with its schema in front.
    static func mirror(_ database: String, schema: String, name: String) -> ClickHouseTable {
        ClickHouseTable(database, schema.isEmpty || schema == "public" ? name : "\(schema)_\(name)")
    }

    /// For statements.
    var sql: String { "\(NameRules.clickHouse.quoted(database)).\(NameRules.clickHouse.quoted(name))" }
}

/// A text as a statement writes it: control characters and bytes that are not ASCII stay, quotes and backslashes are escaped.
func clickHouseLiteral(_ text: String) -> String {
    var out = "'"
    for scalar in text.unicodeScalars {
        switch scalar {
        case "'", "\\":
            out.unicodeScalars.append("\\")
            out.unicodeScalars.append(scalar)
        case "\0": out += "\\0"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "'"
}

/// Expressions as a tuple; one by itself is none.
func clickHouseTuple(_ members: [String]) -> String {
    members.count == 1 ? members[0] : "(\(members.joined(separator: ", ")))"
}
