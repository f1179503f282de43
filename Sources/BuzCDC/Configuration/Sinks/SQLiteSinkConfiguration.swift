import CoreIngest

/// `type: sqlite`.
struct SQLiteSinkConfiguration: DatabaseDestination {
    /// The database file; never empty.
    var path: String
    var outputs: DatabaseOutputs

    private enum Keys {
        static let path = Key<String>.text(
            "path", "The database file; made when missing, its folder is not.", .required, example: "./shop.sqlite")
        static let outputs = DatabaseOutputKeys(tables: .identifier)
    }

    static let type = "sqlite"
    static let doc =
        "Writes into a SQLite database file; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "laptop"]
    static let keys =
        [Keys.path.specification, Keys.outputs.mode.specification] + Keys.outputs.tables

    init(_ section: CheckedSection) {
        path = section[Keys.path]
        outputs = Keys.outputs.read(section)
    }

    static func targets(_ section: CheckedSection) -> [String] {
        section.text("path").map { ["the database \($0)"] } ?? []
    }
}
