import CoreIngest

/// `type: materialize`.
struct MaterializeSinkConfiguration: DatabaseDestination {
    /// A `postgres://` URL or libpq's `key=value` string. Holds a password: never log it.
    var url: String
    var outputs: DatabaseOutputs
    /// Nil: the role's own.
    var cluster: String?
    /// Schema of the views or tables; nil: the source table's in a mirror, else `public`.
    var schema: String?
    /// Schema of the tables that hold positions and changes.
    var positionsSchema: String
    /// Whether each mirror gets an index on its key.
    var indexes: Bool
    /// After how many changes of a table those that were replaced are deleted.
    var compactAfter: Int
    var connectTimeout: Duration
    /// Limit of one statement, so that a write cannot hang for ever.
    var statementTimeout: Duration

    private enum Keys {
        static let url = Key<String>.text(
            "url", "Connection to Materialize, as a postgres:// URL or libpq's key=value string.", .required,
            secrecy: .connection,
            example: "postgres://buz:${BUZ_MATERIALIZE_PASSWORD:-}@materialize:6875/materialize?sslmode=require")
        static let outputs = DatabaseOutputKeys(tables: .databaseName)
        static let cluster = Key<String?>.optionalText(
            "cluster", "Cluster that the sink's questions run in, and its indexes. Without it: the role's own.",
            rule: .databaseName, example: "ingest")
        static let schema = Key<String?>.optionalText(
            "schema", "Schema of the mirrors or events. Without it: the source table's in a mirror, else public.",
            rule: .databaseName, example: "shop")
        static let positionsSchema = Key<String>.text(
            "positionsSchema",
            "Schema of the tables that hold how far the sink is and, in a mirror, the changes; made when missing.",
            .defaulted("buz_cdc"), rule: .databaseName)
        static let indexes = Key<Bool>.boolean(
            "indexes", "Whether each mirror gets an index on its key, in the cluster.", .defaulted("false"))
        static let compactAfter = Key<Int>.integer(
            "compactAfter", "After how many changes of a table those that later ones replaced are deleted.",
            .defaulted("100000"), in: 100...1_000_000_000)
        static let connectTimeout = Key<Duration>.duration(
            "connectTimeout", "How long connecting may take before it is tried again.", .defaulted("10s"),
            in: .seconds(1)...(.seconds(300)))
        static let statementTimeout = Key<Duration>.duration(
            "statementTimeout", "How long one statement may take before it is tried again.", .defaulted("60s"),
            in: .seconds(1)...(.seconds(86400)))
    }

    static let type = "materialize"
    static let doc =
        "Writes into Materialize, as events or as views that equal their tables; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "live"]
    static let keys =
        [
            Keys.url.specification, Keys.cluster.specification, Keys.outputs.mode.specification,
            Keys.schema.specification, Keys.positionsSchema.specification,
        ] + Keys.outputs.tables + [
            Keys.indexes.specification, Keys.compactAfter.specification, Keys.connectTimeout.specification,
            Keys.statementTimeout.specification,
        ]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        outputs = Keys.outputs.read(section)
        cluster = section[Keys.cluster]
        schema = section[Keys.schema]
        positionsSchema = section[Keys.positionsSchema]
        indexes = section[Keys.indexes]
        compactAfter = section[Keys.compactAfter]
        connectTimeout = section[Keys.connectTimeout]
        statementTimeout = section[Keys.statementTimeout]
    }
}
