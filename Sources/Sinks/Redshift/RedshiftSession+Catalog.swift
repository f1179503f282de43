/// Looking up and making what the destination's catalog holds.
extension RedshiftSession {
    /// One column as the catalog has it.
    struct Column {
        /// In lower case.
        var name: String
        var type: RedshiftType
        var isNullable: Bool
    }

    /// A table's columns in their order; nil where there is no such table. Throws where it is something else.
    func columns(of table: RedshiftTable) throws(PostgresFailure) -> [Column]? {
        let rows = try texts(
            """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.relkind FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            WHERE n.nspname = \(literal(table.schema)) AND c.relname = \(literal(table.name)) AND a.attnum > 0
            AND NOT a.attisdropped ORDER BY a.attnum
            """)
        guard let first = rows.first else { return nil }
        guard first[3] == "r" else {
            throw PostgresFailure(
                .misconfigured, "\(table) exists and is not a table: rename it, or choose another name")
        }
        return rows.map {
            Column(
                name: $0[0] ?? "", type: RedshiftType(parsing: $0[1] ?? ""),
                isNullable: $0[2] != "t" && $0[2] != "true")
        }
    }

    /// Looks first: `IF NOT EXISTS` asks for the right to create even when it exists.
    func createSchemaIfMissing(_ name: String) throws(PostgresFailure) {
        let found = try texts("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = \(literal(name))")
        if found.isEmpty { try define("CREATE SCHEMA IF NOT EXISTS \(redshiftIdentifier(name))") }
    }
}
