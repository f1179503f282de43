/// Reads types and tables for the decoders.
enum CatalogLoader {
    static func load(publication: String, on side: borrowing PostgresConnection) throws(SourceError) -> Catalog {
        var catalog = Catalog()
        for row in try side.query(TypeCatalog.query) { catalog.types.load(row: row) }
        for row in try side.query(TableCatalog.query(publication: publication)) { catalog.tables.load(row: row) }
        return catalog
    }

    /// The types anew, as some were unknown, and the tables given as well.
    static func refresh(
        _ catalog: Catalog, relations: [UInt32], on side: borrowing PostgresConnection
    ) throws(SourceError) -> Catalog {
        var fresh = catalog
        for row in try side.query(TypeCatalog.query) { fresh.types.load(row: row) }
        let known = Set(catalog.tables.relations).union(relations).sorted()
        fresh.tables = TableCatalog()
        for row in try side.query(TableCatalog.query(relations: known)) { fresh.tables.load(row: row) }
        return fresh
    }
}
