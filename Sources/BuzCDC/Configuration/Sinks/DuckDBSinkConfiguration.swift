import CoreIngest

/// `type: duckdb`.
struct DuckDBSinkConfiguration: DatabaseDestination {
    /// The database file; never empty.
    var path: String
    /// DuckDB's library; nil: where the system's loader finds it.
    var library: String?
    var outputs: DatabaseOutputs
    /// In bytes.
    var memoryLimit: Int
    var timeout: Duration

    private enum Keys {
        static let path = Key<String>.text(
            "path", "The database file; made when missing, its folder is not.", .required, example: "./shop.duckdb")
        static let library = Key<String?>.optionalText(
            "library",
            "DuckDB's library, version 1.1 or later. Without it: libduckdb.so, where the system's loader finds it.",
            example: "/usr/local/lib/libduckdb.so")
        static let outputs = DatabaseOutputKeys(tables: .identifier)
        static let memoryLimit = Key<Int>.byteSize(
            "memoryLimit", "Most memory that DuckDB takes for data while the file is open.", .defaulted("256MiB"),
            in: (64 << 20)...(1 << 44))
        static let timeout = Key<Duration>.duration(
            "timeout", "How long one statement may take before the write is tried again.", .defaulted("60s"),
            in: .seconds(1)...(.seconds(86400)))
    }

    static let type = "duckdb"
    static let doc =
        "Writes into a DuckDB database file; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "analysis"]
    static let keys =
        [Keys.path.specification, Keys.library.specification, Keys.outputs.mode.specification] + Keys.outputs.tables
        + [Keys.memoryLimit.specification, Keys.timeout.specification]

    init(_ section: CheckedSection) {
        path = section[Keys.path]
        library = section[Keys.library]
        outputs = Keys.outputs.read(section)
        memoryLimit = section[Keys.memoryLimit]
        timeout = section[Keys.timeout]
    }

    static func targets(_ section: CheckedSection) -> [String] {
        section.text("path").map { ["the database \($0)"] } ?? []
    }
}
