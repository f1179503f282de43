import CoreIngest

extension NameRules {
    /// Redshift's: letters of ASCII have no case, also in quotes, and names have 127 bytes. Names of the system's own columns are not free.
    /// Source: Amazon Redshift Database Developer Guide, "Names and identifiers", "CREATE TABLE".
    static let redshift: NameRules = {
        var rules = NameRules(
            "Redshift", quote: "\"", folding: .ascii, mostBytes: 127, mostColumns: 1600,
            isAllowed: { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\"" })
        rules.prefix = { systemColumns.contains($0.lowercased()) ? "_" : "" }
        return rules
    }()

    private static let systemColumns: Set<String> = [
        "oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "insertxid", "deletexid",
    ]
}

/// A name as Redshift's catalog has it: without capitals of ASCII, whatever `enable_case_sensitive_identifier` says.
func redshiftName(_ name: String) -> String { NameRules.redshift.folded(name).wrappedValue }

/// A name as statements write it.
func redshiftIdentifier(_ name: String) -> String { "\"\(redshiftName(name))\"" }

/// A table of the destination; both names as the catalog has them.
struct RedshiftTable: Hashable, Sendable, CustomStringConvertible {
    @ExactText var schema: String
    @ExactText var name: String

    init(schema: String, name: String) {
        self.schema = redshiftName(schema.isEmpty ? "public" : schema)
        self.name = redshiftName(name)
    }

    /// For SQL text: `"schema"."name"`.
    var sql: String { "\"\(schema)\".\"\(name)\"" }
    /// By which statements on the table name its columns.
    var alias: String { "\"\(name)\"" }
    /// For people.
    var description: String { "\(schema).\(name)" }
}
