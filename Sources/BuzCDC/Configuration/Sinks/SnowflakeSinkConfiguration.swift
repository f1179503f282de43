import CoreIngest
import HTTPClient

/// `type: snowflake`.
struct SnowflakeSinkConfiguration: SinkDestination {
    /// As in the account's address.
    var account: String
    /// In place of the address that ``account`` makes; nil: that one.
    var url: String?
    var user: String
    var credentials: Credentials
    var role: String?
    var warehouse: String?
    var database: String
    /// Of all tables that the sink writes.
    var schema: String
    var mode: Mode
    /// Of the events in ``defaultOutput``.
    var format: EventFormat
    /// Table of valid events; in a mirror, of those that belong to no table.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?
    var statementTimeout: Duration
    var commitTimeout: Duration
    /// Least time between two merges into mirrors.
    var mergeInterval: Duration
    /// Staged bytes after which a merge does not wait for its time.
    var mergeMaxBytes: Int
    let client: HTTPClient

    enum Mode: String, Sendable, CaseIterable { case events, mirror }
    enum SignIn: String, Sendable, CaseIterable { case keyPair, programmatic, oauth }

    /// Files that are read anew whenever a token is made.
    enum Credentials: Sendable {
        case keyPair(file: String, passphrase: String?)
        case programmatic(file: String)
        case oauth(file: String)
    }

    private enum Keys {
        static let authorities = Key<String?>.optionalText(
            "authorities", "PEM file of the certificate authorities to trust in place of the system's.",
            example: "/etc/ssl/private-ca.pem")
        static let account = Key<String>.text(
            "account", "The account, as in its address: ORGANISATION-ACCOUNT.", .required, rule: accountName,
            example: "myorg-myaccount")
        static let url = Key<String?>.optionalText(
            "url", "Address in place of https://ACCOUNT.snowflakecomputing.com: for private links and for tests.",
            rule: RegistryHTTP.webAddress, secrecy: .connection,
            example: "https://myorg-myaccount.privatelink.snowflakecomputing.com")
        static let user = Key<String>.text("user", "The user that signs in.", .required, example: "BUZ_CDC")
        static let signIn = Key<SignIn>.choice(
            "signIn", "How the user signs in: by a key pair, a programmatic access token, or an OAuth access token.",
            .defaulted("keyPair"))
        static let privateKeyFile = Key<String?>.optionalText(
            "privateKeyFile",
            "PEM file of the user's private RSA key (PKCS#8, encrypted or not, or PKCS#1), for 'signIn: keyPair'.",
            example: "/etc/buz-cdc/snowflake.p8")
        static let privateKeyPassphrase = Key<String?>.optionalText(
            "privateKeyPassphrase", "Opens an encrypted privateKeyFile.", secrecy: .whole,
            example: "${BUZ_SNOWFLAKE_PASSPHRASE:-}")
        static let tokenFile = Key<String?>.optionalText(
            "tokenFile", "File with the token of the other ways; read again when it is needed, so it can be exchanged.",
            example: "/run/secrets/snowflake-token")
        static let role = Key<String?>.optionalText(
            "role", "Role of the session, as SHOW ROLES writes it. Without it: the user's default.",
            example: "BUZ_CDC")
        static let warehouse = Key<String?>.optionalText(
            "warehouse", "Warehouse that merges mirrors, as SHOW WAREHOUSES writes it. Without it: the user's default.",
            example: "BUZ_CDC")
        static let database = Key<String>.text(
            "database", "Database of the tables, as SHOW DATABASES writes it.", .required, example: "ANALYTICS")
        static let schema = Key<String>.text(
            "schema", "Schema of all tables that the sink writes, as SHOW SCHEMAS writes it.", .defaulted("PUBLIC"))
        static let mode = Key<Mode>.choice(
            "mode", "Append events to a table, or keep tables that equal the source's.", .defaulted("events"))
        static let format = Key<EventFormat>.choice(
            "format", "What the column EVENT of the events table holds.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "Table of the events; in a mirror only of those that belong to no table.",
            .defaulted("EVENTS"), rule: tableName)
        static let deadletterOutput = Key<String?>.optionalText(
            "deadletterOutput", "Table that takes invalid events. Without it they go to the sink's dead letters.",
            rule: tableName, example: "INVALID_EVENTS")
        static let statementTimeout = Key<Duration>.duration(
            "statementTimeout", "How long one SQL statement may take before Snowflake ends it.", .defaulted("10m"),
            in: .seconds(1)...(.seconds(86400)))
        static let commitTimeout = Key<Duration>.duration(
            "commitTimeout", "How long streamed rows may take to be in their table before they are sent again.",
            .defaulted("2m"), in: .seconds(1)...(.seconds(3600)))
        static let merge = Key<CheckedSection>.section("merge", mergeSpecification)
        static let interval = Key<Duration>.duration(
            "interval",
            "Least time between two merges of staged changes into mirrors. The warehouse runs for each, and is billed for a minute at least.",
            .defaulted("60s"), in: .seconds(1)...(.seconds(86400)))
        static let maxBytes = Key<Int>.byteSize(
            "maxBytes", "Bytes of staged changes after which a merge does not wait for its time.", .defaulted("256MiB"),
            in: (1 << 20)...(1 << 40))
        static let mergeSpecification = SectionSpecification(
            "When changes are merged into mirrors; only with 'mode: mirror'.",
            [interval.specification, maxBytes.specification])

        private static let accountName = TextRule(
            description: "letters, digits, '-', '_' and '.'", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$"
        ) { text in
            (1...255).contains(text.utf8.count) && text.utf8.first.map(TextRule.isAlphanumeric) == true
                && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || "-_.".utf8.contains($0) }
        }
        private static let tableName = TextRule(
            description: "letters, digits and '_', not beginning with a digit",
            pattern: "^[A-Za-z_][A-Za-z0-9_]{0,254}$"
        ) { text in
            (1...255).contains(text.utf8.count) && text.utf8.first.map { $0 > 0x39 } == true
                && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || $0 == 0x5F }
        }
    }

    static let type = "snowflake"
    static let doc =
        "Writes into Snowflake: events by Snowpipe Streaming, each once; mirrors by staging and MERGE."
    static let examples: [String: ConfigurationLiteral] = ["name": "snowflake"]
    static let keys = [
        Keys.account.specification, Keys.url.specification, Keys.user.specification,
        Keys.signIn.specification, Keys.privateKeyFile.specification, Keys.privateKeyPassphrase.specification,
        Keys.tokenFile.specification, Keys.role.specification, Keys.warehouse.specification,
        Keys.database.specification, Keys.schema.specification, Keys.mode.specification, Keys.format.specification,
        Keys.defaultOutput.specification, Keys.deadletterOutput.specification, Keys.merge.specification,
        Keys.statementTimeout.specification, Keys.commitTimeout.specification,
        Keys.authorities.specification,
    ]

    init(_ section: CheckedSection) {
        account = section[Keys.account]
        url = section[Keys.url]
        user = section[Keys.user]
        let token = section[Keys.tokenFile] ?? ""
        credentials =
            switch section[Keys.signIn] {
            case .keyPair:
                .keyPair(file: section[Keys.privateKeyFile] ?? "", passphrase: section[Keys.privateKeyPassphrase])
            case .programmatic: .programmatic(file: token)
            case .oauth: .oauth(file: token)
            }
        role = section[Keys.role]
        warehouse = section[Keys.warehouse]
        database = section[Keys.database]
        schema = section[Keys.schema]
        mode = section[Keys.mode]
        format = section[Keys.format]
        // As Snowflake stores names without quotes.
        defaultOutput = section[Keys.defaultOutput].uppercased()
        deadletterOutput = section[Keys.deadletterOutput]?.uppercased()
        statementTimeout = section[Keys.statementTimeout]
        commitTimeout = section[Keys.commitTimeout]
        mergeInterval = section[Keys.merge][Keys.interval]
        mergeMaxBytes = section[Keys.merge][Keys.maxBytes]
        var settings = HTTPClient.Settings()
        settings.userAgent = "buz-cdc/\(Version.current)"
        settings.authorities = section[Keys.authorities]
        client = HTTPClient(settings)
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
        guard let signIn = section.text("signIn") else { return }
        let file = signIn == SignIn.keyPair.rawValue ? "privateKeyFile" : "tokenFile"
        if section.value(file) == nil, !section.failed.contains(file) {
            checker.report(section.position, "'signIn: \(signIn)' needs \(file)")
        }
    }

    static func targets(_ section: CheckedSection) -> [String] {
        guard let account = section.text("account"), let database = section.text("database"),
            let schema = section.text("schema")
        else { return [] }
        return ["defaultOutput", "deadletterOutput"].compactMap { key in
            section.text(key).map { "the table \(database).\(schema).\($0.uppercased()) of \(account.lowercased())" }
        }
    }
}
