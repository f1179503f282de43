import CoreIngest

/// Tables by OID, from the catalog: what Relation messages do not say (primary key, nullability, comments).
package struct TableCatalog: Sendable {
    private var tables: [UInt32: TableInfo] = [:]
    /// Position in the primary key, to put the key's columns into order whatever the order of the rows.
    private var keyPositions: [UInt32: [ExactText: Int]] = [:]

    package init() {}

    package subscript(_ relation: UInt32) -> TableInfo? { tables[relation] }

    package var relations: [UInt32] { tables.keys.sorted() }

    /// One row per column of the tables that a publication publishes; one, with nulls, of a table without columns. Works for Postgres 14 to 18.
    package static func query(publication: String) -> String {
        query(
            where: """
                (n.nspname, c.relname) IN
                  (SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = \(SQLText.literal(publication)))
                """)
    }

    /// One row per column of the given tables.
    package static func query(relations: [UInt32]) -> String {
        query(where: relations.isEmpty ? "false" : "c.oid IN (\(relations.map(String.init).joined(separator: ",")))")
    }

    private static func query(where condition: String) -> String {
        """
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relreplident, pg_catalog.obj_description(c.oid, 'pg_class'),
          a.attname, a.attnum, a.atttypid, a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
          pg_catalog.col_description(c.oid, a.attnum), a.attgenerated <> '',
          coalesce(pg_catalog.array_position(p.indkey::int2[], a.attnum), -1),
          CASE c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false
            WHEN 'i' THEN coalesce(a.attnum = ANY (i.indkey::int2[]), false)
            ELSE coalesce(a.attnum = ANY (p.indkey::int2[]), false) END,
          a.attidentity = 'a', coalesce(o.collisdeterministic, true),
          ARRAY(SELECT left(pg_catalog.pg_get_constraintdef(k.oid), 4001) FROM pg_catalog.pg_constraint k
            WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated AND a.attnum = ANY (k.conkey)
            ORDER BY k.conname)::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_index p ON p.indrelid = c.oid AND p.indisprimary
        LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisreplident
        LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation
        WHERE \(condition)
        ORDER BY c.oid, a.attnum
        """
    }

    /// Takes one row of a query above. A row that is not as expected is left out.
    package mutating func load(row: [String?]) {
        guard row.count >= 19, let relation = row[0].flatMap({ UInt32($0) }), let schema = row[1], let table = row[2]
        else { return }
        if row[6] == nil, tables[relation] == nil {
            tables[relation] = Self.info(schema, table, row)
            return
        }
        guard let name = row[6], let number = row[7].flatMap({ Int($0) }), let type = row[8].flatMap({ UInt32($0) }),
            let modifier = row[9].flatMap({ Int32($0) })
        else { return }
        var info = tables[relation] ?? Self.info(schema, table, row)
        info.columns[ExactText(name)] = TableInfo.Column(
            name: name, number: number, typeOID: type, typeModifier: modifier, sqlType: row[10] ?? "",
            isNotNull: row[11] == "t", comment: row[12], isGenerated: row[13] == "t", isIdentity: row[15] == "t",
            isAlwaysIdentity: row[16] == "t", isDeterministic: row[17] != "f",
            checks: ArrayText.strings(row[18] ?? "{}"))
        if let position = row[14].flatMap({ Int($0) }), position >= 0 {
            keyPositions[relation, default: [:]][ExactText(name)] = position
            let positions = keyPositions[relation, default: [:]]
            info.primaryKey = positions.sorted { $0.value < $1.value }.map(\.key.wrappedValue)
        }
        tables[relation] = info
    }

    private static func info(_ schema: String, _ table: String, _ row: [String?]) -> TableInfo {
        TableInfo(
            schema: schema, name: table, kind: row[3]?.utf8.first ?? 0,
            replicaIdentity: row[4]?.utf8.first.flatMap(RelationInfo.ReplicaIdentity.init) ?? .primaryKey,
            comment: row[5])
    }

    /// The relation as a Relation message would announce it: for the rows of a snapshot. `columns`: the published ones
    /// in the order of the rows; nil for all that are not generated. Nil when the table or a column is not known.
    package func relation(_ id: UInt32, columns names: [String]? = nil) -> RelationInfo? {
        guard let table = tables[id] else { return nil }
        let chosen = names?.map { table.columns[ExactText($0)] } ?? table.orderedColumns.filter { !$0.isGenerated }
        let columns = chosen.compactMap { $0 }
        guard columns.count == chosen.count else { return nil }
        return RelationInfo(
            id: id, schema: table.schema, name: table.name, replicaIdentity: table.replicaIdentity,
            columns: columns.map {
                RelationInfo.Column(
                    name: $0.name, isIdentity: $0.isIdentity, typeOID: $0.typeOID, typeModifier: $0.typeModifier)
            })
    }
}
