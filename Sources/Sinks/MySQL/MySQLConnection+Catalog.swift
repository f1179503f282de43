import CoreIngest

/// Looking up and making what the destination's catalog holds.
extension MySQLConnection {
    /// The condition for one table of `information_schema`, whose names have no case even where the server's do.
    private func isTable(_ name: String) -> String {
        let literal = mysqlLiteral(NameRules.mysql.mapped(name))
        let exact = server.distinguishesTableCase ? " AND CAST(TABLE_NAME AS BINARY) = CAST(\(literal) AS BINARY)" : ""
        return "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = \(literal)\(exact)"
    }

    /// Whether the database has a table of a name. Throws where it is none, or takes no part in transactions.
    func hasTable(_ name: String) throws(MySQLFailure) -> Bool {
        let found = try texts(
            """
            SELECT TABLE_TYPE, ENGINE FROM information_schema.TABLES
            WHERE \(isTable(name))
            """)
        guard let row = found.first else { return false }
        guard row[0] == "BASE TABLE" || row[0] == "SYSTEM VERSIONED" else {
            throw MySQLFailure(.misconfigured, "\(name) exists and is not a table: rename it, or choose another name")
        }
        if let engine = row[1], MySQLServerTraits.enginesWithoutTransactions.contains(engine.lowercased()) {
            throw MySQLFailure(
                .misconfigured,
                "the table \(name) is kept by the engine \(engine), which has no transactions: ALTER TABLE \(mysqlIdentifier(name)) ENGINE = InnoDB"
            )
        }
        return true
    }

    /// Runs a statement that defines or empties something, between two transactions. What it fails for is never the fault of an event.
    /// Answers the rows that it found.
    @discardableResult
    func define(_ sql: String) throws(MySQLFailure) -> Int {
        do throws(MySQLFailure) {
            return try run(sql)
        } catch {
            var failure = error
            if failure.kind == .data { failure.kind = .misconfigured }
            throw failure
        }
    }

    /// A table's columns as they are, and what its unique indexes are made of.
    func columns(of table: String) throws(MySQLFailure) -> (
        columns: [(name: String, type: String, isGenerated: Bool)], unique: [(index: String, columns: [String])]
    ) {
        let columns = try texts(
            """
            SELECT COLUMN_NAME, COLUMN_TYPE, EXTRA FROM information_schema.COLUMNS
            WHERE \(isTable(table)) ORDER BY ORDINAL_POSITION
            """)
        let indexes = try texts(
            """
            SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
            WHERE \(isTable(table)) AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX
            """)
        var unique: [(index: String, columns: [String])] = []
        for row in indexes {
            let index = row[0] ?? ""
            // A part of a column is not the column.
            let column = row[2] == nil ? row[1] ?? "" : "\(row[1] ?? "")(\(row[2] ?? ""))"
            if unique.last?.index == index {
                unique[unique.count - 1].columns.append(column)
            } else {
                unique.append((index, [column]))
            }
        }
        return (
            columns.map { row in
                let extra = (row[2] ?? "").uppercased()
                let isGenerated =
                    extra.contains("VIRTUAL") || extra.contains("STORED") || extra.contains("PERSISTENT")
                return (row[0] ?? "", row[1] ?? "", isGenerated)
            }, unique
        )
    }
}

extension MySQLServerTraits {
    /// What stands behind a table's columns.
    var tableOptions: String { "ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = \(collation)" }
}
