package import CoreIngest

/// A mirror table as it should be.
package struct TableDefinition<ColumnType: Sendable & Equatable>: Sendable {
    package struct Column: Sendable {
        /// The source's name.
        package var name: String
        package var type: ColumnType
    }

    /// The source's columns in its order, then those that the mirror has besides.
    package var columns: [Column]
    /// Indices into `columns`, in the key's order; empty where the source has no key.
    package var key: [Int]

    /// The definition by a destination's rules. `more`: what the mirror has besides.
    package init<Rules: TypeRules>(
        _ stream: StreamDescriptor, _ rules: Rules.Type, more: [(name: String, type: ColumnType)] = []
    ) where Rules.ColumnType == ColumnType {
        columns =
            stream.columns.enumerated().map { index, column in
                Column(
                    name: column.name,
                    type: rules.rule(for: column, inKey: stream.keyColumns.contains(index)).type)
            } + more.map { Column(name: $0.name, type: $0.type) }
        key = stream.keyColumns
    }

    /// What is to be done to a table so that it takes this definition's rows. Columns that the source does not have stay.
    ///
    /// `present`: the table's columns as the destination tells them; nil where there is no such table. `changesKeys`: whether the
    /// destination can give columns of a key another type.
    package func steps(
        from present: [PresentColumn]?, _ names: NameRules, table: String, changesKeys: Bool = false,
        fit: (_ wanted: ColumnType, _ present: String) -> TypeFit
    ) throws(TableRefusal) -> [TableStep] {
        guard let present else { return [.create] }
        let known = Dictionary(present.map { (names.folded($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var steps: [TableStep] = []
        for (index, column) in columns.enumerated() {
            guard let old = known[names.folded(column.name)] else {
                if key.contains(index) {
                    throw TableRefusal(
                        "the mirror \(table) has no column \(column.name), which is in the key of its source: "
                            + "drop the table, then take a fresh snapshot", canBeMended: true)
                }
                steps.append(.add(column: index))
                continue
            }
            switch fit(column.type, old.type) {
            case .fits: break
            case .change where changesKeys || !old.isKey && !key.contains(index):
                steps.append(.change(column: index, from: old.type))
            case .change:
                throw TableRefusal(
                    "key column \(column.name) of the mirror \(table) has the type \(old.type), and its source another by now: "
                        + "drop the table, then take a fresh snapshot", canBeMended: true)
            case .refused(let reason):
                throw TableRefusal(
                    "column \(column.name) of the mirror \(table) has the type \(old.type), \(reason): "
                        + "drop the table, then take a fresh snapshot", canBeMended: true)
            }
        }
        let oldKey = Set(present.filter(\.isKey).map { names.folded($0.name) })
        if !key.isEmpty, oldKey != Set(key.map { names.folded(columns[$0].name) }) { steps.append(.rekey) }
        return steps
    }
}

/// One column of a table that is there.
package struct PresentColumn: Sendable, Equatable {
    package var name: String
    /// As the destination writes it.
    package var type: String
    /// The table's key is made of it.
    package var isKey: Bool

    package init(name: String, type: String, isKey: Bool) {
        self.name = name
        self.type = type
        self.isKey = isKey
    }
}

/// Whether a column that is there takes the values of a type.
package enum TypeFit: Sendable, Equatable {
    /// All of them, as they are.
    case fits
    /// After it was given that type, or a wider one.
    case change
    /// Never: why, as the end of "has the type X, …".
    case refused(String)
}

/// One step that brings a table to its definition. The destination writes the statement; indices are into the definition's columns.
package enum TableStep: Sendable, Equatable {
    case create
    case add(column: Int)
    /// Gives the column its type, with the values that it has.
    case change(column: Int, from: String)
    /// The table's key is another one.
    case rekey
}
