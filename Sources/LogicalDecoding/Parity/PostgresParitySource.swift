package import CoreIngest

/// The published tables of a source database, for a comparison with their mirrors. One connection, which only reads.
package final class PostgresParitySource: ParitySource {
    private let connection: PostgresConnection
    private let sql: ParitySQL
    /// The published tables, by name.
    package let tables: [ParityTable]

    /// Longest time of one statement: a table without an ordered key is read as a whole.
    private static let statementLimit = Duration.seconds(3600)

    /// Connects and reads the catalog. Blocks as long as the connection string's `connect_timeout` and some statements.
    package init(_ settings: PostgresSourceSettings) throws(ParityError) {
        do throws(SourceError) {
            connection = try PostgresConnection(settings.connection(.snapshot))
            try connection.query(ParitySQL.session)
            let plan = try SnapshotPlan(publication: settings.publication, on: connection)
            let catalog = try CatalogLoader.load(publication: settings.publication, on: connection)
            tables = plan.tables.compactMap { Self.table($0, catalog) }
            let plans = Dictionary(plan.tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            sql = ParitySQL(
                identifier: { SQLText.identifier($0) }, literal: SQLText.literal,
                relation: { table in
                    let name = TableName(schema: table.schema, table: table.name)
                    return (plans[name]?.isPartitioned == true ? "" : "ONLY ") + name.quoted
                },
                filter: { plans[TableName(schema: $0.schema, table: $0.name)]?.rowFilter })
        } catch {
            throw ParityError("the source cannot be read: \(error.message)")
        }
        if tables.isEmpty {
            throw ParityError(
                "publication \(settings.publication) of \(connection.label) publishes no tables: see 'buz-cdc check'")
        }
    }

    private static func table(_ plan: SnapshotPlan.Table, _ catalog: Catalog) -> ParityTable? {
        guard let relation = catalog.tables.relation(plan.relation, columns: plan.columns) else { return nil }
        let shape = TableShape(relation, database: "", catalog: catalog)
        return ParityTable(
            schema: shape.schema, name: shape.table, columns: shape.columns, keyColumns: shape.keyColumns,
            estimatedRows: plan.estimatedRows)
    }

    package func boundary(_ table: ParityTable, after: String?, rows: Int) throws(ParityError) -> String? {
        try query(sql.boundary(table, after: after, rows: rows)).first?.first ?? nil
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

    package func position() throws(ParityError) -> LogSequenceNumber {
        let rows = try query(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END")
        guard let text = rows.first?.first ?? nil, let position = LogSequenceNumber(parsing: text) else {
            throw ParityError("\(connection.label) did not say how far its log reaches")
        }
        return position
    }

    private func query(_ sql: String) throws(ParityError) -> [[String?]] {
        do throws(SourceError) {
            return try connection.query(sql, timeout: Self.statementLimit)
        } catch {
            throw ParityError("the source cannot be read: \(error.message)")
        }
    }
}
