/// Looking up and making what the destination's catalog holds.
extension PostgresConnection {
    /// The oid of a table, as text; nil when there is nothing of that name. Throws when it is something else than a table.
    func relation(_ table: PostgresTable) throws(PostgresFailure) -> String? {
        let rows = try query(
            """
            SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2
            """, [table.schema, table.name])
        guard rows.rowCount > 0, let oid = rows.text(0, 0) else { return nil }
        guard let kind = rows.text(0, 1), kind == "r" || kind == "p" else {
            throw PostgresFailure(
                .misconfigured, "\(table) exists and is not a table: rename it, or choose another name")
        }
        return oid
    }

    func createSchemaIfMissing(_ name: String) throws(PostgresFailure) {
        let found = try query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [name])
        if found.rowCount == 0 { try define("CREATE SCHEMA IF NOT EXISTS \(postgresIdentifier(name))") }
    }

    /// Runs a statement that defines something. What it fails for is never the fault of an event.
    func define(_ sql: String, within limit: Duration? = nil) throws(PostgresFailure) {
        do throws(PostgresFailure) {
            if let limit {
                try run("SET LOCAL statement_timeout = \(limit.milliseconds)")
                try run(sql, within: limit)
                try run("SET LOCAL statement_timeout = \(statementTimeout.milliseconds)")
            } else {
                try run(sql)
            }
        } catch {
            var failure = error
            if failure.kind == .data { failure.kind = .misconfigured }
            throw failure
        }
    }
}
