import CoreIngest

/// Types and tables as the database's catalog has them *now*. The stream is of *then*: Relation messages are the truth
/// of names and order, and the catalog only adds to them. A value: refreshed by making a new one and replacing it.
package struct Catalog: Sendable {
    package var types: TypeCatalog
    package var tables: TableCatalog

    package init(types: TypeCatalog = TypeCatalog(), tables: TableCatalog = TableCatalog()) {
        self.types = types
        self.tables = tables
    }

    /// Whether every type of the relation's columns is known, and the table is known as the relation has it. If not,
    /// run the queries again once; what stays unknown after that is written as text and without enrichment.
    package func isComplete(for relation: RelationInfo) -> Bool {
        guard let table = tables[relation.id], table.$schema == relation.$schema, table.$name == relation.$name else {
            return false
        }
        return relation.columns.allSatisfy { column in
            guard let known = table.columns[column.$name] else { return false }
            return known.typeOID == column.typeOID && known.typeModifier == column.typeModifier
                && types.knows(column.typeOID)
        }
    }
}
