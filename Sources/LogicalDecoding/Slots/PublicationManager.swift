/// Makes the publication, and keeps the list of tables of one that it made.
enum PublicationManager {
    /// The comment on a publication of ours. One without it belongs to someone else and is never changed.
    static let mark = "managed by buz-cdc"

    /// What was done.
    enum Outcome: Equatable {
        case created([TableName])
        case changed(added: [TableName], dropped: [TableName])
        case unchanged
        /// Not ours, and other than the patterns say.
        case differs(missing: [TableName], extra: [TableName])
    }

    /// Ordinary and partitioned tables that match: permanent ones, outside the system's schemas; a partition only where its
    /// root does not match, as its changes are published as the root's.
    static func wanted(
        _ patterns: TablePatterns, on side: borrowing PostgresConnection
    ) throws(SourceError) -> [TableName] {
        let rows = try side.query(
            """
            SELECT n.nspname, c.relname, rn.nspname, r.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid)
            LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
              AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
            ORDER BY 1, 2
            """)
        return rows.compactMap { row in
            guard let name = TableName(row: row), patterns.matches(schema: name.schema, table: name.table) else {
                return nil
            }
            if let root = TableName(row: Array(row.dropFirst(2))),
                patterns.matches(schema: root.schema, table: root.table)
            {
                return nil
            }
            return name
        }
    }

    /// Creates the publication when `mayCreate`, or brings one of ours up to date. Must come before the slot: changes made
    /// before the publication existed cannot be decoded.
    static func ensure(
        _ settings: PostgresSourceSettings, mayCreate: Bool, on side: borrowing PostgresConnection
    ) throws(SourceError) -> Outcome {
        let wanted = try wanted(TablePatterns(settings.tables), on: side)
        let name = SQLText.identifier(settings.publication)
        guard let present = try PublicationInfo.look(settings.publication, on: side) else {
            guard mayCreate else { throw missing(settings) }
            guard !wanted.isEmpty else {
                throw SourceError(
                    .noTables,
                    "no table matches \(settings.tables.joined(separator: ", ")) of input \(settings.name): mend the patterns"
                        + " (schema.table, with * and !), or create the tables first")
            }
            try change(
                "CREATE PUBLICATION \(name) FOR TABLE \(wanted.map(\.quoted).joined(separator: ", "))"
                    + " WITH (publish_via_partition_root = true)", settings: settings, on: side)
            try side.query("COMMENT ON PUBLICATION \(name) IS \(SQLText.literal(mark))")
            return .created(wanted)
        }
        let missing = wanted.filter { !present.tables.contains($0) }
        let extra = present.tables.filter { !wanted.contains($0) }
        if missing.isEmpty, extra.isEmpty { return .unchanged }
        guard present.isManaged, !present.isForAllTables else { return .differs(missing: missing, extra: extra) }
        if !missing.isEmpty {
            let list = missing.map(\.quoted).joined(separator: ", ")
            try change("ALTER PUBLICATION \(name) ADD TABLE \(list)", settings: settings, on: side)
        }
        if !extra.isEmpty {
            let list = extra.map(\.quoted).joined(separator: ", ")
            try change("ALTER PUBLICATION \(name) DROP TABLE \(list)", settings: settings, on: side)
        }
        return .changed(added: missing, dropped: extra)
    }

    static func missing(_ settings: PostgresSourceSettings) -> SourceError {
        SourceError(
            .publicationMissing,
            "publication \(settings.publication) of input \(settings.name) is gone: changes since then are not sent, and from"
                + " Postgres 18 on they are skipped without an error; create it again and start once with snapshot: always to"
                + " read the tables anew, as log from before its creation cannot be decoded")
    }

    private static func change(
        _ sql: String, settings: PostgresSourceSettings, on side: borrowing PostgresConnection
    ) throws(SourceError) {
        do throws(SourceError) {
            try side.query(sql)
        } catch {
            guard error.code == .permissionDenied else { throw error }
            throw SourceError(
                .permissionDenied,
                "\(error.message); publishing tables needs CREATE on the database and ownership of them: let their owner run:"
                    + " \(sql)", sqlState: error.sqlState)
        }
    }
}
