import CoreIngest

extension NameRules {
    /// Of columns: letters of ASCII, digits and `_`, as fields of messages have; letters have no case.
    /// Source: cloud.google.com/bigquery/docs/schemas#column_names.
    static let bigQueryColumns: NameRules = {
        // Two more go with each change.
        var rules = NameRules("BigQuery", quote: "`", folding: .ascii, mostBytes: 300, mostColumns: 1998) {
            $0.isASCII && ($0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0))
        }
        rules.prefix = { name in
            if name.first.map({ ("0"..."9").contains($0) }) ?? true { return "_" }
            let folded = name.uppercased()
            return reserved.contains { folded.hasPrefix($0) } ? "c" : ""
        }
        return rules
    }()

    private static let reserved = [
        "_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER", "_CHANGE_",
    ]

    /// Of tables: letters, digits, `_` and `-`; letters have a case.
    static let bigQueryTables = NameRules("BigQuery", quote: "`", folding: .none, mostBytes: 1024, mostColumns: 1998) {
        $0.properties.isAlphabetic || $0 == "_" || $0 == "-" || $0.properties.numericType == .decimal
    }
}

extension BigQuerySinkSettings {
    /// Where the sink remembers the histories that it has seen.
    static let sourcesTable = "buz_cdc_sources"

    /// A mirror's name: the table's own where it lies in `public`, else with its schema in front, and so where the name is that of a
    /// table of ours.
    func mirror(schema: String, table: String) -> String {
        let isOurs = [defaultOutput, deadletterOutput, Self.sourcesTable].contains(table)
        let name = schema.isEmpty || schema == "public" && !isOurs ? table : "\(schema)_\(table)"
        return NameRules.bigQueryTables.mapped(name)
    }

    /// A table's name in statements.
    func quoted(_ table: String) -> String { "`\(project).\(dataset).\(table)`" }
}
