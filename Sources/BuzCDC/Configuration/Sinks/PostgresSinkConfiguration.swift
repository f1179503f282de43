import CoreIngest

/// `type: postgres`.
struct PostgresSinkConfiguration: SinkDestination {
    /// A `postgres://` URL or libpq's `key=value` string. Holds a password: never log it.
    var url: String
    var mode: Mode
    /// Target schema; nil: the source table's in a mirror, else `public`.
    var schema: String?
    /// Schema of the table that holds the positions.
    var positionsSchema: String
    /// Of the events in ``defaultOutput``.
    var format: EventFormat
    /// Table of valid events; in a mirror, of those that belong to no table.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?
    var connectTimeout: Duration
    /// Limit of one statement, so that a write cannot hang for ever.
    var statementTimeout: Duration

    enum Mode: String, Sendable, CaseIterable { case events, mirror }

    private enum Keys {
        static let url = Key<String>.text(
            "url", "Connection to the database, as a postgres:// URL or libpq's key=value string.", .required,
            secrecy: .connection, example: "postgres://buz:${BUZ_REPLICA_PASSWORD:-}@replica:5432/shop_copy")
        static let mode = Key<Mode>.choice(
            "mode", "Append events to a table, or keep tables that equal the source's.", .defaulted("events"))
        static let schema = Key<String?>.optionalText(
            "schema",
            "Schema of the target tables. Without it: the source table's in a mirror, else public.",
            rule: .databaseName, example: "public")
        static let positionsSchema = Key<String>.text(
            "positionsSchema", "Schema of the table that holds how far the sink is; made when missing.",
            .defaulted("buz_cdc"), rule: .databaseName)
        static let format = Key<EventFormat>.choice(
            "format", "How the events in the events table are written.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "Table of the events; in a mirror only of those that belong to no table.",
            .defaulted("events"), rule: .databaseName)
        static let deadletterOutput = Key<String?>.optionalText(
            "deadletterOutput", "Table that takes invalid events. Without it they go to the sink's dead letters.",
            rule: .databaseName, example: "invalid_events")
        static let connectTimeout = Key<Duration>.duration(
            "connectTimeout", "How long connecting may take before it is tried again.", .defaulted("10s"),
            in: .seconds(1)...(.seconds(300)))
        static let statementTimeout = Key<Duration>.duration(
            "statementTimeout", "How long one write may take before it is tried again.", .defaulted("60s"),
            in: .seconds(1)...(.seconds(86400)))
    }

    static let type = "postgres"
    static let doc =
        "Writes into a Postgres database; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "replica"]
    static let keys = [
        Keys.url.specification, Keys.mode.specification, Keys.schema.specification, Keys.positionsSchema.specification,
        Keys.format.specification, Keys.defaultOutput.specification, Keys.deadletterOutput.specification,
        Keys.connectTimeout.specification, Keys.statementTimeout.specification,
    ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        mode = section[Keys.mode]
        schema = section[Keys.schema]
        positionsSchema = section[Keys.positionsSchema]
        format = section[Keys.format]
        defaultOutput = section[Keys.defaultOutput]
        deadletterOutput = section[Keys.deadletterOutput]
        connectTimeout = section[Keys.connectTimeout]
        statementTimeout = section[Keys.statementTimeout]
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
    }
}
