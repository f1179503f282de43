import CoreIngest

/// The statements that bring staged changes into one mirror. Text only.
///
/// What is staged says of each change which columns came; the newest that came counts, column by column, so a column that the source
/// did not send keeps the mirror's value. Everything is bound to how far the mirror is merged, which the same transaction moves on:
/// carried out twice, the statements change nothing the second time.
struct MergeStatements {
    let staging: SnowflakeStaging
    let source: String
    let target: SnowflakeTable
    /// Of the mirror as it is now.
    let columns: [PresentColumn]
    /// Names; empty where the source has no key.
    let key: [String]

    private var whose: String { "SOURCE = \(snowflakeLiteral(source)) AND TARGET = \(snowflakeLiteral(target.name))" }
    private var applied: String { "(SELECT MAX(APPLIED) FROM \(staging.merged.sql) WHERE \(whose))" }

    /// Makes the row that remembers how far the mirror is merged.
    var begin: String {
        """
        INSERT INTO \(staging.merged.sql) (SOURCE, TARGET, APPLIED, UPDATED_AT)
        SELECT \(snowflakeLiteral(source)), \(snowflakeLiteral(target.name)), '', CURRENT_TIMESTAMP()
        WHERE NOT EXISTS (SELECT 1 FROM \(staging.merged.sql) WHERE \(whose))
        """
    }

    /// The last truncation and the first move of a row of which not all is known, in what is not merged yet up to a place.
    func marks(upTo end: String) -> String {
        """
        SELECT MAX(IFF(OP = 't', SEQ, NULL)), MIN(IFF(OP = 'k', SEQ, NULL)) FROM \(staging.changes.sql)
        WHERE \(whose) AND SEQ > \(applied) AND SEQ <= \(snowflakeLiteral(end))
        """
    }

    /// One transaction: everything up to a place. `truncation`: the last one in it.
    func merge(upTo end: String, truncation: String?) -> [String] {
        var statements = ["BEGIN"]
        if let truncation {
            statements.append("DELETE FROM \(target.sql) WHERE \(applied) < \(snowflakeLiteral(truncation))")
        }
        let range =
            "\(whose) AND SEQ > \(applied) AND SEQ <= \(snowflakeLiteral(end)) AND OP <> 't'"
            + (truncation.map { " AND SEQ > \(snowflakeLiteral($0))" } ?? "")
        statements.append(key.isEmpty ? append(range) : merge(range))
        return statements + finish(end)
    }

    /// One transaction: moves a row to another key, and gives it the columns that came.
    func move(at sequence: String) -> [String] {
        let others = columns.map { column in
            "\(snowflakeIdentifier(column.name)) = IFF(s.\(alias(column)) IS NULL, t.\(snowflakeIdentifier(column.name)), \(value(column)))"
        }
        let old = key.map { name in
            "t.\(snowflakeIdentifier(name)) = \(decoded("s.OLD_KEY[\(snowflakeLiteral(SnowflakeMirror.cell(name)))]::VARCHAR", type(name)))"
        }
        let cells = columns.map { "\(cell($0)) AS \(alias($0))" }
        return [
            "BEGIN",
            """
            UPDATE \(target.sql) t SET \(others.joined(separator: ", "))
            FROM (SELECT OLD_KEY, \(cells.joined(separator: ", ")) FROM \(staging.changes.sql)
              WHERE \(whose) AND SEQ = \(snowflakeLiteral(sequence)) AND SEQ > \(applied)) s
            WHERE \(old.joined(separator: " AND "))
            """,
        ] + finish(sequence)
    }

    private func finish(_ end: String) -> [String] {
        [
            """
            UPDATE \(staging.merged.sql) SET APPLIED = \(snowflakeLiteral(end)), UPDATED_AT = CURRENT_TIMESTAMP()
            WHERE \(whose) AND APPLIED < \(snowflakeLiteral(end))
            """, "COMMIT",
        ]
    }

    private func merge(_ range: String) -> String {
        let others = columns.filter { !key.contains($0.name) }
        let keys = key.map { name in "\(decoded(cell(name), type(name))) AS \(alias(name))" }
        let newest = others.map { "MAX_BY(\(alias($0)), IFF(\(alias($0)) IS NULL, NULL, SEQ)) AS \(alias($0))" }
        let sets = others.map { column in
            "\(snowflakeIdentifier(column.name)) = IFF(s.\(alias(column)) IS NULL, t.\(snowflakeIdentifier(column.name)), \(value(column)))"
        }
        let names = key + others.map(\.name)
        let values = key.map { "s.\(alias($0))" } + others.map(value)
        return """
            MERGE INTO \(target.sql) t USING (
              SELECT \((key.map(alias) + ["MAX_BY(OP, SEQ) AS LAST_OP"] + newest).joined(separator: ", "))
              FROM (SELECT \((["SEQ", "OP"] + keys + others.map { "\(cell($0)) AS \(alias($0))" }).joined(separator: ", "))
                FROM \(staging.changes.sql) WHERE \(range)) c
              GROUP BY \(key.map(alias).joined(separator: ", "))) s
            ON \(key.map { "t.\(snowflakeIdentifier($0)) = s.\(alias($0))" }.joined(separator: " AND "))
            WHEN MATCHED AND s.LAST_OP = 'd' THEN DELETE
            \(sets.isEmpty ? "" : "WHEN MATCHED THEN UPDATE SET \(sets.joined(separator: ", "))")
            WHEN NOT MATCHED AND s.LAST_OP <> 'd' THEN INSERT (\(names.map(snowflakeIdentifier).joined(separator: ", ")))
              VALUES (\(values.joined(separator: ", ")))
            """
    }

    private func append(_ range: String) -> String {
        let cells = columns.map { "\(cell($0)) AS \(alias($0))" }
        return """
            INSERT INTO \(target.sql) (\(columns.map { snowflakeIdentifier($0.name) }.joined(separator: ", ")))
            SELECT \(columns.map(value).joined(separator: ", ")) FROM (
              SELECT SEQ, \(cells.joined(separator: ", ")) FROM \(staging.changes.sql) WHERE \(range)) s ORDER BY SEQ
            """
    }

    // MARK: Columns

    private func alias(_ column: PresentColumn) -> String { alias(column.name) }
    private func alias(_ name: String) -> String { "C\(columns.firstIndex { $0.name == name } ?? columns.count)" }
    private func type(_ name: String) -> String { columns.first { $0.name == name }?.type ?? "VARCHAR" }
    private func cell(_ column: PresentColumn) -> String { cell(column.name) }
    private func cell(_ name: String) -> String { "CELLS[\(snowflakeLiteral(SnowflakeMirror.cell(name)))]::VARCHAR" }
    private func value(_ column: PresentColumn) -> String { decoded("s.\(alias(column))", column.type) }

    /// From a cell's text to a value of the column.
    private func decoded(_ cell: String, _ type: String) -> String {
        let text = "IFF(LEFT(\(cell), 1) = 'V', SUBSTR(\(cell), 2), NULL)"
        let base = type.uppercased().prefix { $0 != "(" && $0 != " " }
        switch base {
        case "VARCHAR", "TEXT", "STRING", "CHAR": return text
        case "BINARY", "VARBINARY": return "TO_BINARY(\(text), 'HEX')"
        case "VARIANT": return "COALESCE(TRY_PARSE_JSON(\(text)), TO_VARIANT(\(text)))"
        default: return "\(text)::\(type)"
        }
    }
}
