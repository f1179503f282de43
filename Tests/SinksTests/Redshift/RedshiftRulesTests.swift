import CoreIngest
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
