import CoreIngest

/// One mirror table as this session knows it, for one shape of its source table, and what one write has for it.
final class RedshiftMirrorTable {
    /// One column of the source, and what it is in the mirror.
    struct Column {
        /// As SQL writes it.
        var sql: String
        var type: RedshiftType
        var isNullable: Bool
    }

    let table: RedshiftTable
    let descriptor: StreamDescriptor
    /// In the descriptor's order.
    let columns: [Column]
    let shape: RowShape
    /// What a table without a key has besides: operation, commit, ordinal.
    let changeColumns: [(name: String, type: RedshiftType)]
    let keyed: KeyedChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []
    private var scratch = ByteArena(capacity: 256)
    private let escapesBackslash: Bool

    init(
        _ table: RedshiftTable, _ descriptor: StreamDescriptor, _ columns: [Column], changeColumns: [String],
        escapesBackslash: Bool
    ) {
        self.table = table
        self.descriptor = descriptor
        self.columns = columns
        self.changeColumns = zip(changeColumns, RedshiftMirrorCatalog.changeTypes).map {
            (redshiftIdentifier($0), $1)
        }
        self.escapesBackslash = escapesBackslash
        shape = RowShape(descriptor)
        keyed = KeyedChanges(shape)
    }

    /// Indices into ``columns``, in the key's order; empty where the table has no key.
    var key: [Int] { shape.key }
    var hasKey: Bool { !key.isEmpty }

    /// Forgets what is pending.
    func abandon() {
        keyless = []
        keyed.changes.clear()
        keyed.forgetMoves()
    }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    // MARK: Statements

    /// What a stage has for some columns.
    func staged(_ chosen: [Int]) -> [(name: String, type: RedshiftType)] {
        chosen.map { (columns[$0].sql, columns[$0].type.staged) }
    }

    /// What a stage has besides for the old key of a row that moves.
    var stagedOldKey: [(name: String, type: RedshiftType)] {
        key.enumerated().map { ("buz_old_\($0)", columns[$1].type.staged) }
    }

    /// Which rows of the table and of a stage have one key. Texts that differ in blanks at their ends only are one to Redshift.
    private func match(_ stage: String, old: Bool = false) -> String {
        key.enumerated().map { place, index in
            let column = columns[index]
            let own = "\(table.alias).\(column.sql)"
            let staged = "\(stage).\(old ? "buz_old_\(place)" : column.sql)"
            let equal = "\(own) = \(column.type.value(ofStaged: staged))"
            return column.type.ignoresLastBlanks ? "\(equal) AND OCTET_LENGTH(\(own)) = OCTET_LENGTH(\(staged))" : equal
        }.joined(separator: " AND ")
    }

    /// Takes the rows away whose keys are in a stage.
    func deletion(_ stage: String) -> String { "DELETE FROM \(table.sql) USING \(stage) WHERE \(match(stage))" }

    /// Appends rows of some columns from a stage.
    func insertion(_ chosen: [Int], _ stage: String) -> String {
        let names = chosen.map { columns[$0].sql }.joined(separator: ", ")
        let values = chosen.map { columns[$0].type.value(ofStaged: "\(stage).\(columns[$0].sql)") }
        return "INSERT INTO \(table.sql) (\(names)) SELECT \(values.joined(separator: ", ")) FROM \(stage)"
    }

    /// Gives some columns to the rows with the keys in a stage, and appends rows with what is known of those that are not there. `isMove`:
    /// the stage has their old keys too, by which they are looked for first.
    func updates(_ chosen: [Int], _ stage: String, isMove: Bool) -> [String] {
        func update(_ chosen: [Int], old: Bool) -> [String] {
            let sets = chosen.map {
                "\(columns[$0].sql) = \(columns[$0].type.value(ofStaged: "\(stage).\(columns[$0].sql)"))"
            }
            if sets.isEmpty { return [] }
            return [
                "UPDATE \(table.sql) SET \(sets.joined(separator: ", ")) FROM \(stage) WHERE \(match(stage, old: old))"
            ]
        }
        return (isMove ? update(chosen, old: true) : []) + update(chosen.filter { !key.contains($0) }, old: false) + [
            "\(insertion(chosen, stage)) LEFT JOIN \(table.sql) ON \(match(stage)) WHERE \(table.alias).\(columns[key[0]].sql) IS NULL"
        ]
    }

    /// Appends changes of a table without a key from a stage; in a replay those that are not there.
    func append(_ stage: String, isReplay: Bool) -> String {
        let names = columns.map(\.sql) + changeColumns.map(\.name)
        let values =
            columns.map { $0.type.value(ofStaged: "\(stage).\($0.sql)") } + changeColumns.map { "\(stage).\($0.name)" }
        let head =
            "INSERT INTO \(table.sql) (\(names.joined(separator: ", "))) SELECT \(values.joined(separator: ", ")) FROM \(stage)"
        guard isReplay else { return head }
        let match = changeColumns[1...].map { "\(table.alias).\($0.name) = \(stage).\($0.name)" }
        return
            "\(head) LEFT JOIN \(table.sql) ON \(match.joined(separator: " AND ")) WHERE \(table.alias).\(changeColumns[1].name) IS NULL"
    }

    // MARK: Rows

    /// Writes some columns of a row, with commas between. Answers the column whose value it cannot hold, if there is one.
    func writeValues(_ chosen: [Int], of row: MirrorRow, to lines: inout ByteArena) -> Int? {
        for (place, index) in chosen.enumerated() {
            if place > 0 { lines.append(UInt8(ascii: ",")) }
            let value = row.values[index]
            if !columns[index].isNullable, value?.isJSONNull ?? true { return index }
            guard
                lines.append(
                    redshiftValue: value, columns[index].type, descriptor.columns[index].kind,
                    inKey: key.contains(index), escapesBackslash: escapesBackslash, scratch: &scratch)
            else { return index }
        }
        return nil
    }

    /// Writes some columns of a row in brackets.
    func write(_ chosen: [Int], of row: MirrorRow, to lines: inout ByteArena) -> Int? {
        lines.append(UInt8(ascii: "("))
        if let column = writeValues(chosen, of: row, to: &lines) { return column }
        lines.append(UInt8(ascii: ")"))
        return nil
    }

    /// Writes a change of a table without a key: its columns, its letter, and its position. A truncation has no columns.
    func writeKeyless(_ event: EventReference, of slices: [BatchSlice], to lines: inout ByteArena) -> Int? {
        let record = event.record(in: slices)
        keyed.collectPayload(event, of: slices)
        lines.append(UInt8(ascii: "("))
        if let column = writeValues(Array(columns.indices), of: keyed.row, to: &lines) { return column }
        lines.append(columns.isEmpty ? "'" : ",'")
        lines.append(record.operation.rawValue)
        lines.append("',")
        lines.append(decimal: record.position.eventCommit)
        lines.append(UInt8(ascii: ","))
        lines.append(decimal: record.position.number)
        lines.append(UInt8(ascii: ")"))
        return nil
    }

    func refusal(_ index: Int) -> PostgresFailure {
        PostgresFailure(
            .data,
            "column \(descriptor.columns[index].name) of \(descriptor.qualifiedName) has a value that \(columns[index].type)\(columns[index].isNullable ? "" : " NOT NULL") does not hold"
        )
    }
}
