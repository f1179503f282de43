import CoreIngest

/// `type: redshift`.
struct RedshiftSinkConfiguration: DatabaseDestination {
    /// A `postgres://` URL or libpq's `key=value` string. Holds a password: never log it.
    var url: String
    var outputs: DatabaseOutputs
    /// Target schema; nil: the source table's in a mirror, else `public`.
    var schema: String?
    /// Schema of the table that holds the positions.
    var positionsSchema: String
    var connectTimeout: Duration
    /// Limit of one statement, so that a write cannot hang for ever.
    var statementTimeout: Duration

    private enum Keys {
        static let url = Key<String>.text(
            "url", "Connection to the cluster or workgroup, as a postgres:// URL or libpq's key=value string.",
            .required,
            secrecy: .connection,
            example:
                "postgres://buz:${BUZ_REDSHIFT_PASSWORD:-}@shop.abc123.eu-central-1.redshift.amazonaws.com:5439/dev?sslmode=require"
        )
        static let outputs = DatabaseOutputKeys(tables: .databaseName)
        static let schema = Key<String?>.optionalText(
            "schema",
            "Schema of the target tables. Without it: the source table's in a mirror, else public.",
            rule: .databaseName, example: "public")
        static let positionsSchema = Key<String>.text(
            "positionsSchema", "Schema of the table that holds how far the sink is; made when missing.",
            .defaulted("buz_cdc"), rule: .databaseName)
        static let connectTimeout = Key<Duration>.duration(
            "connectTimeout", "How long connecting may take before it is tried again.", .defaulted("10s"),
            in: .seconds(1)...(.seconds(300)))
        static let statementTimeout = Key<Duration>.duration(
            "statementTimeout",
            "How long one statement may take, waiting for locks and queues included, before it is tried again.",
            .defaulted("300s"),
            in: .seconds(1)...(.seconds(86400)))
    }

    static let type = "redshift"
    static let doc =
        "Writes into Amazon Redshift; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "cluster"]
    static let keys =
        [
            Keys.url.specification, Keys.outputs.mode.specification, Keys.schema.specification,
            Keys.positionsSchema.specification,
        ] + Keys.outputs.tables + [Keys.connectTimeout.specification, Keys.statementTimeout.specification]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        outputs = Keys.outputs.read(section)
        schema = section[Keys.schema]
        positionsSchema = section[Keys.positionsSchema]
        connectTimeout = section[Keys.connectTimeout]
        statementTimeout = section[Keys.statementTimeout]
    }
}
