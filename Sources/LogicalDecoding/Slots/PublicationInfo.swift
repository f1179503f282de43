import CoreIngest

/// A publication as the catalog has it.
struct PublicationInfo: Sendable, Equatable {
    var name: String
    var owner: String
    /// Made by this program, so it may change its list of tables.
    var isManaged: Bool
    var isForAllTables: Bool
    var publishesViaRoot: Bool
    /// Of insert, update, delete and truncate, those that it leaves out.
    var omittedOperations: [String]
    /// What it publishes now, as streams are named: roots of partitions, or the partitions.
    var tables: [TableName]

    static func look(_ name: String, on side: borrowing PostgresConnection) throws(SourceError) -> PublicationInfo? {
        let literal = SQLText.literal(name)
        let rows = try side.query(
            """
            SELECT pg_get_userbyid(pubowner), coalesce(obj_description(oid, 'pg_publication'), ''), puballtables, pubviaroot,
              concat_ws(',', CASE WHEN NOT pubinsert THEN 'insert' END, CASE WHEN NOT pubupdate THEN 'update' END,
                CASE WHEN NOT pubdelete THEN 'delete' END, CASE WHEN NOT pubtruncate THEN 'truncate' END)
            FROM pg_publication WHERE pubname = \(literal)
            """)
        guard let row = rows.first, row.count >= 5 else { return nil }
        let tables = try side.query(
            "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = \(literal) ORDER BY 1, 2")
        return PublicationInfo(
            name: name, owner: row[0] ?? "", isManaged: row[1] == PublicationManager.mark,
            isForAllTables: row[2] == "t",
            publishesViaRoot: row[3] == "t", omittedOperations: (row[4] ?? "").split(separator: ",").map(String.init),
            tables: tables.compactMap(TableName.init(row:)))
    }
}

/// A table's name in two parts.
struct TableName: Sendable, Hashable, Comparable, CustomStringConvertible {
    @ExactText var schema: String
    @ExactText var table: String

    init(schema: String, table: String) {
        self.schema = schema
        self.table = table
    }

    init?(row: [String?]) {
        guard row.count >= 2, let schema = row[0], let table = row[1] else { return nil }
        self.init(schema: schema, table: table)
    }

    var quoted: String { SQLText.identifier(schema, table) }
    var description: String { "\(schema).\(table)" }

    static func < (left: Self, right: Self) -> Bool { (left.$schema, left.$table) < (right.$schema, right.$table) }
}
