import CoreIngest
import HTTPClient
import Sinks

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
    /// Nil: rows go by `INSERT`.
    var staging: RedshiftStaging?

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
        static let staging = Key<String?>.optionalText(
            "staging",
            "Where rows wait for COPY: s3://BUCKET/PREFIX. Without it they go by INSERT, which is slower where they are many.",
            rule: address, example: "s3://acme-staging/buz")
        static let iamRole = Key<String?>.optionalText(
            "iamRole",
            "The role by which Redshift reads 'staging': its ARN, or 'default' for the cluster's default one.",
            rule: role, example: "arn:aws:iam::123456789012:role/redshift-reads-staging")
        static let endpoint = Key<String?>.optionalText(
            "endpoint",
            "Address by which the sidecar writes to 'staging' in place of Amazon's, such as that of a VPC endpoint.",
            rule: RegistryHTTP.webAddress,
            example: "https://bucket.vpce-1a2b3c4d-5e6f.s3.eu-central-1.vpce.amazonaws.com")

        private static let address = TextRule(
            description: "s3://BUCKET/PREFIX of letters, digits, '-', '_', '.' and '='",
            pattern: "^s3://[A-Za-z0-9_.=-]{3,222}(/[A-Za-z0-9_.=-]+)*$"
        ) { RedshiftStaging.parts(of: $0) != nil }
        private static let role = TextRule(
            description: "'default', or the ARN of a role such as arn:aws:iam::123456789012:role/NAME",
            pattern:
                "^(default|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9/+=.@_-]+(,arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9/+=.@_-]+)*)$"
        ) { RedshiftStaging.role($0) != nil }
    }

    static let type = "redshift"
    static let doc =
        "Writes into Amazon Redshift; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "cluster"]
    static let keys =
        [
            Keys.url.specification, Keys.outputs.mode.specification, Keys.schema.specification,
            Keys.positionsSchema.specification,
        ] + Keys.outputs.tables + [
            Keys.connectTimeout.specification, Keys.statementTimeout.specification, Keys.staging.specification,
            Keys.iamRole.specification, AWSKeys.region.specification, Keys.endpoint.specification,
        ] + AWSKeys.credentials

    init(_ section: CheckedSection) {
        url = section[Keys.url]
        outputs = Keys.outputs.read(section)
        schema = section[Keys.schema]
        positionsSchema = section[Keys.positionsSchema]
        connectTimeout = section[Keys.connectTimeout]
        statementTimeout = section[Keys.statementTimeout]
        staging = Self.staging(section)
    }

    private static func staging(_ section: CheckedSection) -> RedshiftStaging? {
        guard let parts = section[Keys.staging].flatMap({ RedshiftStaging.parts(of: $0) }),
            let role = section[Keys.iamRole].flatMap({ RedshiftStaging.role($0) })
        else { return nil }
        var settings = HTTPClient.Settings()
        settings.userAgent = "buz-cdc/\(Version.current)"
        let client = HTTPClient(settings)
        let bucket = S3Settings(
            bucket: parts.bucket, region: AWSKeys.region(section[AWSKeys.region]), endpoint: section[Keys.endpoint])
        let credentials = AWSCredentialSource(
            given: AWSKeys.credentials(section), environment: AWSEnvironment(region: bucket.region, client: client))
        return RedshiftStaging(
            bucket: bucket, prefix: parts.prefix, role: role, credentials: credentials, client: client)
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
        AWSKeys.check(section, &checker)
        let has = { section.value($0) != nil || section.failed.contains($0) }
        if has("staging"), !has("iamRole") {
            checker.report(section.position, "'staging' needs iamRole, by which Redshift reads the bucket")
        }
        for key in ["iamRole", "region", "endpoint", "accessKeyId", "secretAccessKey", "sessionToken"] {
            if !has("staging"), let value = section.value(key) {
                checker.report(value.position, "'\(key)' is only of use with 'staging'")
            }
        }
    }
}
