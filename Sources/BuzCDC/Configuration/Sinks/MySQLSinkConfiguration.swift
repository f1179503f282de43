import CoreIngest

/// `type: mysql`.
struct MySQLSinkConfiguration: DatabaseDestination {
    /// `mysql://user:password@host:port/database`. Holds a password: never log it.
    var url: String
    var tls: TLS
    var caFile: String?
    var outputs: DatabaseOutputs
    var connectTimeout: Duration
    /// Limit of one statement, so that a write cannot hang for ever.
    var statementTimeout: Duration

    enum TLS: String, Sendable, CaseIterable { case off, preferred, required, verify }

    private enum Keys {
        static let url = Key<String>.text(
            "url", "Connection to the database, as mysql://USER:PASSWORD@HOST:PORT/DATABASE.", .required,
            secrecy: .connection, example: "mysql://buz:${BUZ_MYSQL_PASSWORD:-}@mysql:3306/shop_copy")
        static let tls = Key<TLS>.choice(
            "tls",
            "Encryption: off, preferred where the server can, required, or verify, which also checks the server's certificate and name.",
            .defaulted("preferred"), example: "verify")
        static let caFile = Key<String?>.optionalText(
            "caFile",
            "For tls: verify, the certificates that sign the server's. Without it: those that the system trusts.",
            example: "/etc/buz/mysql-ca.pem")
        static let outputs = DatabaseOutputKeys(tables: .databaseName)
        static let connectTimeout = Key<Duration>.duration(
            "connectTimeout", "How long connecting may take before it is tried again.", .defaulted("10s"),
            in: .seconds(1)...(.seconds(300)))
        static let statementTimeout = Key<Duration>.duration(
            "statementTimeout", "How long one statement may take before it is tried again.", .defaulted("60s"),
            in: .seconds(1)...(.seconds(86400)))
    }

    static let type = "mysql"
    static let doc =
        "Writes into a MySQL or MariaDB database; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "copy"]
    static let keys =
        [
            Keys.url.specification, Keys.tls.specification, Keys.caFile.specification, Keys.outputs.mode.specification,
        ] + Keys.outputs.tables + [Keys.connectTimeout.specification, Keys.statementTimeout.specification]

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        tls = section[Keys.tls]
        caFile = section[Keys.caFile]
        outputs = Keys.outputs.read(section)
        connectTimeout = section[Keys.connectTimeout]
        statementTimeout = section[Keys.statementTimeout]
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
        if section.text("tls") != "verify", let value = section.value("caFile") {
            checker.report(value.position, "caFile has no effect without tls: verify; set that, or remove it")
        }
    }
}
