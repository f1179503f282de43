extension TableShape {
    /// The tables that an input reads, as the catalog has them now, in the order of their names; only those that match a pattern, where
    /// there are any. Blocks as connecting and asking do.
    package static func read(
        _ settings: PostgresSourceSettings, matching patterns: [String] = []
    ) throws(SourceError) -> [TableShape] {
        let side = try PostgresConnection(settings.connection(.side))
        let system = try side.query("SELECT current_database()")
        let database = system.first?.first.flatMap { $0 } ?? ""
        var wanted = try PublicationManager.wanted(TablePatterns(settings.tables), on: side)
        if !patterns.isEmpty {
            let chosen = TablePatterns(patterns)
            wanted = wanted.filter { chosen.matches(schema: $0.schema, table: $0.table) }
        }
        var ids: [UInt32] = []
        for name in wanted {
            let rows = try side.query(
                "SELECT pg_catalog.to_regclass(\(SQLText.literal(name.quoted)))::oid")
            if let id = rows.first?.first.flatMap({ $0 }).flatMap({ UInt32($0) }) { ids.append(id) }
        }
        let catalog = try CatalogLoader.refresh(Catalog(), relations: ids, on: side)
        return ids.compactMap { id in
            catalog.tables.relation(id).map { TableShape($0, database: database, catalog: catalog) }
        }
    }

    /// Whether a pattern means this table.
    package static func matches(_ pattern: String, _ shape: TableShape) -> Bool {
        TablePatterns([pattern]).matches(schema: shape.schema, table: shape.table)
    }
}
