import CoreIngest

/// `type: clickhouse`.
struct ClickHouseSinkConfiguration: SinkDestination {
    /// Of the HTTP interface.
    var url: String
    var user: String
    var password: String?
    var database: String
    var mode: Mode
    /// Of the events in ``defaultOutput``.
    var format: EventFormat
    /// Table of valid events; in a mirror, of those that belong to no table.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?
    var compression: Compression
    var connectTimeout: Duration
    /// Of one request.
    var timeout: Duration

    enum Mode: String, Sendable, CaseIterable { case events, mirror }
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
        static let mode = Key<Mode>.choice(
            "mode", "Append events to a table, or keep tables that equal the source's.", .defaulted("events"))
        static let format = Key<EventFormat>.choice(
            "format", "How the events in the events table are written.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "Table of the events; in a mirror only of those that belong to no table.",
            .defaulted("events"), rule: .databaseName)
        static let deadletterOutput = Key<String?>.optionalText(
            "deadletterOutput", "Table that takes invalid events. Without it they go to the sink's dead letters.",
            rule: .databaseName, example: "invalid_events")
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
    static let keys = [
        Keys.url.specification, Keys.user.specification, Keys.password.specification, Keys.database.specification,
        Keys.mode.specification, Keys.format.specification, Keys.defaultOutput.specification,
        Keys.deadletterOutput.specification, Keys.compression.specification, Keys.connectTimeout.specification,
        Keys.timeout.specification,
    ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        user = section[Keys.user]
        password = section[Keys.password]
        database = section[Keys.database]
        mode = section[Keys.mode]
        format = section[Keys.format]
        defaultOutput = section[Keys.defaultOutput]
        deadletterOutput = section[Keys.deadletterOutput]
        compression = section[Keys.compression]
        connectTimeout = section[Keys.connectTimeout]
        timeout = section[Keys.timeout]
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
    }
}
