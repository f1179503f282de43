import CoreIngest

/// `type: postgres`.
struct PostgresSinkConfiguration: SinkDestination {
    /// A `postgres://` URL or libpq's `key=value` string. Holds a password: never log it.
    var url: String
    var mode: Mode
    /// Target schema; nil: the source table's in a mirror, else the connection's default.
    var schema: String?
    /// Schema of the table that holds the positions.
    var positionsSchema: String
    /// Of `mode: events`.
    var format: EventFormat
    /// Table of valid events, of `mode: events`.
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
            "Schema of the target tables. Without it: the source table's in a mirror, else the connection's own.",
            rule: .databaseName, example: "public")
        static let positionsSchema = Key<String>.text(
            "positionsSchema", "Schema of the table that holds how far the sink is; made when missing.",
            .defaulted("buz_cdc"), rule: .databaseName)
        static let format = Key<EventFormat>.choice(
            "format", "How events are written; only in mode events.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "Table of the events; only in mode events.", .defaulted("events"), rule: .databaseName)
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
        guard section.text(Keys.mode.specification.name) == Mode.mirror.rawValue else { return }
        for key in [Keys.format.specification, Keys.defaultOutput.specification] {
            guard let value = section.changed(key.name) else { continue }
            checker.report(value.position, "\(key.name) has no effect with mode: mirror; remove it")
        }
    }
}
