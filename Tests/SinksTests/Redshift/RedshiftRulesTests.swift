import CoreIngest
import HTTPClient
import Testing

@testable import Sinks

@Suite struct RedshiftRulesTests {
    @Test("Names that Redshift cannot have are changed in a way that stays, and capitals are none")
    func names() {
        #expect(redshiftIdentifier("Or\"der") == "\"or_der\"")
        #expect(redshiftIdentifier("OID") == "\"_oid\"")
        #expect(redshiftIdentifier("ÄÖ Select") == "\"ÄÖ select\"")
        #expect(redshiftName(String(repeating: "s", count: 130)).utf8.count == 127)
        #expect("\(RedshiftTable(schema: "", name: "T"))" == "public.t")
    }

    @Test("A backslash is escaped where the server reads it as an escape")
    func literals() {
        func literal(_ escapes: Bool) -> String {
            var out = ByteArena(capacity: 16)
            out.append(redshiftText: "a'b\\c", escapesBackslash: escapes)
            return String(decoding: out.bytes, as: UTF8.self)
        }
        #expect(literal(true) == #"'a''b\\c'"#)
        #expect(literal(false) == #"'a''b\c'"#)
    }

    @Test("Types are read as the catalog tells them, and say what they hold")
    func types() {
        for (text, type) in [
            ("character varying(65535)", "VARCHAR(65535)"), ("binary varying(32767)", "VARBYTE(32767)"),
            ("numeric(12,2)", "DECIMAL(12,2)"), ("numeric(12, 2)", "DECIMAL(12,2)"), ("super", "SUPER"),
            ("timestamp with time zone", "TIMESTAMPTZ"), ("character(36)", "CHAR(36)"), ("geometry", "geometry"),
        ] {
            #expect("\(RedshiftType(parsing: text))" == type)
        }
        func fit(_ wanted: RedshiftType.Base, _ there: RedshiftType.Base) -> String {
            switch RedshiftType(wanted).fit(RedshiftType(there)) {
            case .fits: "fits"
            case .change: "change"
            case .refused: "refused"
            }
        }
        #expect(fit(.integer(bits: 64), .integer(bits: 32)) == "change")
        #expect(fit(.integer(bits: 16), .integer(bits: 32)) == "fits")
        #expect(fit(.varchar(20), .varchar(10)) == "change")
        #expect(fit(.varchar(10), .varchar(20)) == "fits")
        #expect(fit(.varchar(65535), .parsed) == "fits")
        #expect(fit(.varbyte(10), .varchar(20)) == "refused")
        #expect(fit(.timestamp, .timestampWithZone) == "refused")
        #expect(fit(.boolean, .varchar(65535)) == "fits")
        #expect(fit(.decimal(precision: 10, scale: 2), .decimal(precision: 12, scale: 1)) == "refused")
    }

    @Test("Listed rows become CSV in which texts are in quotes and NULL is what no text is", arguments: [true, false])
    func csv(escapes: Bool) {
        var rows = ByteArena(capacity: 16)
        for text in ["it's", "", "\"a\"", "b\\'\n,(", ""] {
            rows.append("(")
            rows.append(redshiftText: text, escapesBackslash: escapes)
            rows.append(",NULL,-1.5,TRUE),")
        }
        var out = ByteArena(capacity: 16)
        out.append(csv: rows.bytes, null: "N0", escapesBackslash: escapes)
        let end = ",N0,-1.5,TRUE\n"
        let expected = ["\"it's\"", "\"\"", "\"\"\"a\"\"\"", "\"b\\'\n,(\"", "\"\""].map { $0 + end }.joined()
        #expect(String(decoding: out.bytes, as: UTF8.self) == expected)
    }

    @Test("Addresses of buckets and roles have nothing in them that ends a literal")
    func addresses() {
        #expect(RedshiftStaging.parts(of: "s3://acme-staging/a/b=1")?.prefix == "a/b=1")
        #expect(RedshiftStaging.parts(of: "s3://acme-staging")?.prefix == "")
        for wrong in [
            "s3://a'b/c", "s3://abc/", "s3://abc//d", "s3://abc/../d", "s3://ab", "https://abc/d", "s3://abc/d e", "",
        ] {
            #expect(RedshiftStaging.parts(of: wrong) == nil, "\(wrong)")
        }
        let arn = "arn:aws:iam::123456789012:role/path/reader"
        #expect(RedshiftStaging.role("default") == .usual)
        #expect(RedshiftStaging.role("\(arn),\(arn)2") == .named("\(arn),\(arn)2"))
        for wrong in ["\(arn)'", "arn:aws:iam::1:role/a", "arn:aws:iam::123456789012:user/a", "\(arn),", "", "Default"]
        {
            #expect(RedshiftStaging.role(wrong) == nil, "\(wrong)")
        }
    }

    @Test(
        "What COPY says of the bucket and of rows is told apart by its words",
        arguments: [
            (
                "Load into table 't' failed. Check 'stl_load_errors' system table for details.",
                PostgresFailure.Kind.data
            ),
            ("Load into table 't' failed. Check 'sys_load_error_detail' system table for details.", .data),
            ("S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid A,ExtRid B,CanRetry 1", .permission),
            ("User arn:aws:redshift:x is not authorized to assume IAM Role arn:aws:iam::1:role/r", .permission),
            ("S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket", .misconfigured),
            ("S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown", .transient),
            ("The specified S3 prefix 'x' does not exist", .transient), ("Assert", .other),
        ])
    func copyErrors(message: String, kind: PostgresFailure.Kind) {
        let client = HTTPClient()
        let bucket = RedshiftBucket(
            RedshiftStaging(
                bucket: S3Settings(bucket: "b", region: "r"), prefix: "", role: .usual,
                credentials: AWSCredentialSource(
                    given: nil, environment: AWSEnvironment(region: "r", client: client, variable: { _ in nil })),
                client: client), sink: "copy", connectTimeout: .seconds(1), timeout: .seconds(1))
        let failure = bucket.translated(
            PostgresFailure(sqlState: "XX000", message: message, column: nil, constraint: nil, copyLine: nil))
        #expect(failure.kind == kind, "\(failure)")
        #expect(bucket.copy("t", "k", null: "n").hasPrefix("COPY t FROM 's3://b/k' IAM_ROLE default REGION 'r' "))
    }

    @Test("Refused positions are split into texts that a row can hold, and are the same when read")
    func positions() {
        let many = (0..<9000).map { Position(commit: .max - 5, ordinal: UInt64($0)) }
        let parts = RedshiftPositions.parts(many)
        #expect(parts.count > 2 && parts.allSatisfy { $0.utf8.count <= 60_000 })
        #expect(
            Set(parts.flatMap { ResumedSource(commit: "1", ordinal: "0", rejected: $0)?.rejected ?? [] }) == Set(many))
        #expect(RedshiftPositions.parts([]) == [""])
    }

    @Test(
        "Errors that Redshift gives the state XX000 are told apart by their words, which do not go on where they may hold a value",
        arguments: [
            ("1023", PostgresFailure.Kind.transient), ("Serializable isolation violation on table", .transient),
            ("Disk Full", .storageFull), ("Value too long for character type: secret", .data),
            ("Numeric data overflow (result precision)", .data), ("Assert", .other),
        ])
    func errors(message: String, kind: PostgresFailure.Kind) {
        let failure = RedshiftSession.redshift(
            PostgresFailure(sqlState: "XX000", message: message, column: nil, constraint: nil, copyLine: nil))
        #expect(failure.kind == kind && !failure.message.contains("secret"), "\(failure)")
    }
}
