import CoreIngest

/// `type: clickhouse`.
struct ClickHouseSinkConfiguration: DatabaseDestination {
    /// Of the HTTP interface.
    var url: String
    var user: String
    var password: String?
    var database: String
    var outputs: DatabaseOutputs
    var compression: Compression
    var connectTimeout: Duration
    /// Of one request.
    var timeout: Duration

    enum Compression: String, Sendable, CaseIterable { case zstd, none }

    private enum Keys {
        static let url = Key<String>.text(
            "url", "Address of ClickHouse's HTTP interface, http or https, without user and password.", .required,
            example: "https://clickhouse:8443")
        static let user = Key<String>.text("user", "Who writes.", .defaulted("default"))
        static let password = Key<String?>.optionalText(
            "password", "The user's password, sent in a header.", secrecy: .whole,
            example: "${BUZ_CLICKHOUSE_PASSWORD:-}")
        static let database = Key<String>.text(
            "database", "The database of the tables; it must be there.", .defaulted("default"), rule: .databaseName)
        static let outputs = DatabaseOutputKeys(tables: .databaseName)
        static let compression = Key<Compression>.choice(
            "compression", "How rows are compressed on their way.", .defaulted("zstd"))
        static let connectTimeout = Key<Duration>.duration(
            "connectTimeout", "How long connecting may take before it is tried again.", .defaulted("10s"),
            in: .seconds(1)...(.seconds(300)))
        static let timeout = Key<Duration>.duration(
            "timeout", "How long one request may take before it is tried again.", .defaulted("60s"),
            in: .seconds(1)...(.seconds(86400)))
    }

    static let type = "clickhouse"
    static let doc = "Writes into a ClickHouse server by its HTTP interface: events into one table, or mirrors."
    static let examples: [String: ConfigurationLiteral] = ["name": "analytics"]
    static let keys =
        [
            Keys.url.specification, Keys.user.specification, Keys.password.specification, Keys.database.specification,
            Keys.outputs.mode.specification,
        ] + Keys.outputs.tables + [
            Keys.compression.specification, Keys.connectTimeout.specification, Keys.timeout.specification,
        ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        user = section[Keys.user]
        password = section[Keys.password]
        database = section[Keys.database]
        outputs = Keys.outputs.read(section)
        compression = section[Keys.compression]
        connectTimeout = section[Keys.connectTimeout]
        timeout = section[Keys.timeout]
    }
}
