package import CoreIngest

/// The mirror tables of a `postgres` sink, for a comparison with their sources. A session of its own, which only reads.
package final class PostgresParityMirror: ParityMirror {
    private let connection: PostgresConnection
    private let sql: ParitySQL
    private let target: @Sendable (ParityTable) -> PostgresTable
    private let place: String

    /// Longest time of one statement: a table without an ordered key is read as a whole.
    private static let statementLimit = Duration.seconds(3600)

    /// Connects. Blocks, within the settings' limits.
    package init(_ settings: PostgresSinkSettings) throws(ParityError) {
        var settings = settings
        settings.statementTimeout = Self.statementLimit
        let schema = settings.schema
        let target = { @Sendable (table: ParityTable) in
            PostgresTable(schema: schema ?? table.schema, name: table.name)
        }
        self.target = target
        sql = ParitySQL(
            identifier: postgresIdentifier, literal: postgresLiteral, relation: { target($0).sql })
        place = "postgres sink \(settings.name)"
        do throws(PostgresFailure) {
            connection = try PostgresConnection(settings.session)
            try connection.run(ParitySQL.session)
        } catch {
            throw ParityError("the mirror cannot be read: \(error.sinkFailure(at: place).message)")
        }
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let target = target(table)
        let rows = try query(
            """
            SELECT a.attname, pg_catalog.format_type(a.atttypid, NULL), c.relkind
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname = \(postgresLiteral(target.schema)) AND c.relname = \(postgresLiteral(target.name))
            """)
        if rows.isEmpty { return .absent("there is no table \(target) at the sink: it comes with the first event") }
        var leftOut: Set<Int> = []
        for (index, column) in table.columns.enumerated() {
            guard let row = rows.first(where: { ($0[0] ?? "").utf8.elementsEqual(column.name.utf8) }) else {
                return .absent("\(target) has no column \(column.name) yet: it comes with the table's next event")
            }
            // Composite types and the like that the destination does not know: docs/sinks/postgres.md, Types.
            if row[1] == "json" || row[1] == "jsonb", row[1] != column.sqlType { leftOut.insert(index) }
        }
        if let key = table.keyColumns.first(where: { leftOut.contains($0) }) {
            return .nothing("key column \(table.columns[key].name) of \(target) is kept in another form")
        }
        return .allBut(leftOut)
    }

    package func digests(
        _ table: ParityTable, _ range: KeyRange, buckets: Int
    ) throws(ParityError) -> [Int: BucketDigest] {
        ParitySQL.digests(try query(sql.digests(table, range, buckets: buckets)))
    }

    package func hashes(
        _ table: ParityTable, _ range: KeyRange, buckets: Int, chosen: [Int]
    ) throws(ParityError) -> [ParityKey: Int64] {
        ParitySQL.hashes(try query(sql.hashes(table, range, buckets: buckets, chosen: chosen)))
    }

    package func rows(_ table: ParityTable, _ keys: [ParityKey]) throws(ParityError) -> [ParityKey: [String?]] {
        ParitySQL.rows(try query(sql.rows(table, keys)), of: table)
    }

    private func query(_ sql: String) throws(ParityError) -> [[String?]] {
        do throws(PostgresFailure) {
            let result = try connection.query(sql)
            let columns = result.columnCount
            return (0..<result.rowCount).map { row in (0..<columns).map { result.text(row, $0) } }
        } catch {
            throw ParityError("the mirror cannot be read: \(error.sinkFailure(at: place).message)")
        }
    }
}
