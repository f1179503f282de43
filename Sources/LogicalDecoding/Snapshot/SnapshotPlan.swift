/// What a snapshot reads: each published table, with the columns and rows that the publication publishes. Tables are
/// independent of each other, so several readers could share a plan: each imports the same exported snapshot.
struct SnapshotPlan: Sendable, Equatable {
    struct Table: Sendable, Equatable {
        var relation: UInt32
        var name: TableName
        /// `p` for a root of partitions, which is read with all of them; all others are read without their descendants, as
        /// those are published in their own right.
        var isPartitioned: Bool
        /// In the order of the table.
        var columns: [String]
        /// SQL of the publication's row filter.
        var rowFilter: String?
        /// The planner's estimate.
        var estimatedRows: UInt64
        /// On disk, with TOAST, without indexes.
        var bytes: UInt64

        /// `COPY (SELECT …) TO STDOUT`, in text format, as the stream's values are text too.
        var copyStatement: String {
            let list = columns.map { SQLText.identifier($0) }.joined(separator: ", ")
            let condition = rowFilter.map { " WHERE \($0)" } ?? ""
            return "COPY (SELECT \(list) FROM \(isPartitioned ? "" : "ONLY ")\(name.quoted)\(condition)) TO STDOUT"
        }
    }

    var tables: [Table]

    var estimatedRows: UInt64 { tables.reduce(0) { $0 + $1.estimatedRows } }
    var bytes: UInt64 { tables.reduce(0) { $0 + $1.bytes } }

    init(tables: [Table]) { self.tables = tables }

    /// Reads the plan; on a snapshot's connection, it is of the moment of the snapshot.
    init(publication: String, on connection: borrowing PostgresConnection) throws(SourceError) {
        let rows = try connection.query(Self.query(publication: publication, version: connection.serverVersion))
        tables = rows.compactMap(Self.table)
    }

    /// Column lists and row filters came with version 15; generated columns can be published from 18 on.
    static func query(publication: String, version: Int) -> String {
        let listed = version >= 150_000 ? "AND a.attname = ANY (p.attnames)" : ""
        let generated = version >= 180_000 ? "" : "AND a.attgenerated = ''"
        return """
            SELECT c.oid, n.nspname, c.relname, c.relkind,
              ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                AND NOT a.attisdropped \(generated) \(listed) ORDER BY a.attnum)::text,
              \(version >= 150_000 ? "p.rowfilter" : "NULL"), size.rows, size.bytes
            FROM pg_publication_tables p
            JOIN pg_namespace n ON n.nspname = p.schemaname
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
            CROSS JOIN LATERAL (
              SELECT coalesce(sum(greatest(m.reltuples, 0)), 0)::int8 AS rows, coalesce(sum(pg_table_size(m.oid)), 0)::int8 AS bytes
              FROM pg_class m WHERE m.oid = c.oid OR c.relkind = 'p' AND m.relkind = 'r'
                AND m.oid IN (SELECT relid FROM pg_partition_tree(c.oid))
            ) size
            WHERE p.pubname = \(SQLText.literal(publication)) ORDER BY n.nspname, c.relname
            """
    }

    static func table(row: [String?]) -> Table? {
        guard row.count >= 8, let relation = row[0].flatMap({ UInt32($0) }),
            let name = TableName(row: Array(row[1...2])), let columns = row[4]
        else { return nil }
        return Table(
            relation: relation, name: name, isPartitioned: row[3] == "p", columns: ArrayText.strings(columns),
            rowFilter: row[5], estimatedRows: row[6].flatMap { UInt64($0) } ?? 0,
            bytes: row[7].flatMap { UInt64($0) } ?? 0)
    }
}
