import CoreIngest

/// The type table in a destination's page, made of its rules.
package struct TypePage: Sendable, CustomStringConvertible {
    /// Below the project's folder.
    package var path: String
    /// Markdown.
    package var table: String
    package var description: String { path }

    /// Every page with such a table. Recorded by `RECORD=1 swift test --filter TypePages`.
    package static let all: [TypePage] = [
        TypePage(path: "docs/sinks/postgres.md", table: postgresTypeTable()),
        TypePage("docs/sinks/mysql.md", MySQLTypes.self),
        TypePage("docs/sinks/sqlite.md", SQLiteTypes.self),
        TypePage("docs/sinks/duckdb.md", DuckDBTypes.self),
        TypePage("docs/sinks/clickhouse.md", ClickHouseTypes.self),
        TypePage("docs/sinks/bigquery.md", BigQueryTypes.self),
        TypePage("docs/sinks/snowflake.md", SnowflakeTypes.self),
        TypePage("docs/sinks/materialize.md", MaterializeTypes.self),
        TypePage("docs/sinks/redshift.md", RedshiftTypes.self),
    ]

    private init(path: String, table: String) {
        self.path = path
        self.table = table
    }

    init<Rules: TypeRules>(_ path: String, _ rules: Rules.Type) {
        self.path = path
        table = Self.table(rules)
    }

    /// The lines between which a page has its table.
    package static let begin =
        "<!-- types: generated from the code: RECORD=1 swift test --filter TypePages -->"
    package static let end = "<!-- end of types -->"

    /// Types with the same rule share a line.
    private static func table<Rules: TypeRules>(_ rules: Rules.Type) -> String {
        var lines: [(labels: [String], rest: String)] = []
        for sample in SourceTypes.all {
            let rule = rules.rule(for: sample.column, inKey: false)
            var declared = "`\(rule.type)`"
            if sample.mayBeKey {
                let inKey = rules.rule(for: sample.column, inKey: true)
                if inKey.type != rule.type { declared += ", in a key `\(inKey.type)`" }
            }
            var outside = rule.outside.isEmpty ? "none" : rule.outside
            if let bounds = rule.bounds {
                outside = "before \(bounds.least), after \(bounds.most), infinite: stored, and compared, as that bound"
            }
            let compared = rule.incomparable.map { "no: \($0)" } ?? "yes"
            let rest = "\(declared) | \(rule.stored) | \(outside) | \(compared)"
            if let known = lines.firstIndex(where: { $0.rest == rest }) {
                lines[known].labels.append(sample.label)
            } else {
                lines.append(([sample.label], rest))
            }
        }
        return """
            | source type | column | what is stored | values that the column cannot hold | compared by `verify` |
            |---|---|---|---|---|

            """ + lines.map { "| \($0.labels.joined(separator: ", ")) | \($0.rest) |\n" }.joined()
    }
}
