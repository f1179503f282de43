import CoreIngest

extension TableShape {
    /// The shape of a relation, enriched by what the catalog knows of it.
    init(_ relation: RelationInfo, database: String, catalog: Catalog) {
        let table = catalog.tables[relation.id]
        let key = Self.keyColumns(of: relation, primaryKey: table?.primaryKey ?? [])
        let isKey = Set(key)
        let columns = relation.columns.enumerated().map { index, column in
            let known = table?.columns[column.$name].flatMap {
                $0.typeOID == column.typeOID && $0.typeModifier == column.typeModifier ? $0 : nil
            }
            let checked = Self.checked(column, known, catalog)
            return StreamDescriptor.Column(
                name: column.name,
                sqlType: catalog.types.sqlName(
                    of: column.typeOID, modifier: column.typeModifier, formatted: known?.sqlType),
                kind: catalog.types.kind(of: column.typeOID, modifier: column.typeModifier),
                isNullable: !(known?.isNotNull ?? isKey.contains(index)) && !checked.isNotNull,
                isKey: isKey.contains(index),
                typeOID: column.typeOID, typeModifier: column.typeModifier, comment: known?.comment,
                enumLabels: catalog.types.enumLabels(of: column.typeOID), number: known?.number,
                rules: checked.rules, isReadOnly: known.map { $0.isGenerated || $0.isAlwaysIdentity } ?? false)
        }
        self.init(
            database: database, schema: relation.schema, table: relation.name, comment: table?.comment,
            columns: columns,
            keyColumns: key)
    }

    private static func checked(
        _ column: RelationInfo.Column, _ known: TableInfo.Column?, _ catalog: Catalog
    ) -> CheckedColumn {
        let domains = catalog.types.domains(of: column.typeOID)
        var checked = CheckedColumn(
            name: column.name, kind: catalog.types.kind(of: column.typeOID, modifier: column.typeModifier),
            type: catalog.types[domains.base], isDeterministic: known?.isDeterministic ?? true)
        if domains.isNotNull { checked.refuseNull() }
        for check in domains.checks { checked.add(domain: check) }
        for check in known?.checks ?? [] { checked.add(constraint: check) }
        return checked
    }

    /// The primary key in its own order, if each change carries it; else the columns of the replica identity. None
    /// under FULL without a primary key, where the whole row would be the key.
    private static func keyColumns(of relation: RelationInfo, primaryKey: [String]) -> [Int] {
        let flagged = relation.columns.indices.filter { relation.columns[$0].isIdentity }
        let primary = primaryKey.compactMap { name in relation.columns.firstIndex { $0.$name == ExactText(name) } }
        let isWhole = !primary.isEmpty && primary.count == primaryKey.count
        switch relation.replicaIdentity {
        case .nothing: return isWhole ? primary : []
        case .full: return isWhole ? primary : []
        case .primaryKey, .index:
            return isWhole && primary.allSatisfy { relation.columns[$0].isIdentity } ? primary : flagged
        }
    }
}
