import CoreIngest

/// One mirror table as this session knows it, for one shape of its source table, and what one write has for it.
final class MySQLMirrorTable {
    /// One column of the source, and what it is in the mirror.
    struct Column {
        /// As SQL writes it.
        var sql: String
        var form: MySQLType.Form
        var type: MySQLType
        /// False for columns that the mirror computes itself.
        var isWritable: Bool
    }

    /// For people, and as SQL writes it.
    let name: String
    let sql: String
    let descriptor: StreamDescriptor
    /// In the descriptor's order.
    let columns: [Column]
    let shape: RowShape
    /// Indices into ``columns`` of all that are written.
    let writable: [Int]
    /// What a table without a key has besides, as SQL writes it: operation, commit, ordinal.
    let changeColumns: [String]
    let keyed: KeyedChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []
    private var scratch = ByteArena(capacity: 256)

    init(_ name: String, _ descriptor: StreamDescriptor, _ columns: [Column], changeColumns: [String]) {
        self.name = name
        sql = mysqlIdentifier(name)
        self.descriptor = descriptor
        self.columns = columns
        self.changeColumns = changeColumns.map(mysqlIdentifier)
        shape = RowShape(descriptor)
        writable = columns.indices.filter { columns[$0].isWritable }
        keyed = KeyedChanges(shape)
    }

    /// Indices into ``columns``, in the key's order; empty where the table has no key.
    var key: [Int] { shape.key }
    var hasKey: Bool { !key.isEmpty }
    var isEmpty: Bool { keyless.isEmpty && keyed.changes.isEmpty }

    /// Forgets what is pending.
    func abandon() {
        keyless = []
        keyed.changes.clear()
    }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    // MARK: Statements

    private func list(_ indices: [Int]) -> String { indices.map { columns[$0].sql }.joined(separator: ", ") }

    /// Around rows of some columns: gives them to the rows of their keys, new or there.
    func upsert(_ chosen: [Int]) -> (head: String, tail: String) {
        let sets = chosen.filter { !key.contains($0) }.map { "\(columns[$0].sql) = VALUES(\(columns[$0].sql))" }
        let own = columns[key[0]].sql
        return (
            "INSERT INTO \(sql) (\(list(chosen))) VALUES ",
            " ON DUPLICATE KEY UPDATE " + (sets.isEmpty ? "\(own) = \(own)" : sets.joined(separator: ", "))
        )
    }

    /// Around changes of a table without a key. One whose position is there came before.
    var append: (head: String, tail: String) {
        let all = writable.map { columns[$0].sql } + changeColumns
        return (
            "INSERT INTO \(sql) (\(all.joined(separator: ", "))) VALUES ",
            " ON DUPLICATE KEY UPDATE \(changeColumns[2]) = \(changeColumns[2])"
        )
    }

    /// Around keys.
    var deletion: (head: String, tail: String) {
        key.count == 1
            ? ("DELETE FROM \(sql) WHERE \(list(key)) IN (", ")")
            : ("DELETE FROM \(sql) WHERE (\(list(key))) IN (", ")")
    }

    // MARK: Rows

    /// Writes some columns of a row in brackets. Answers the column whose value it cannot hold, if there is one.
    func write(_ chosen: [Int], of row: MirrorRow, to lines: inout ByteArena) -> Int? {
        lines.append(UInt8(ascii: "("))
        for (place, index) in chosen.enumerated() {
            if place > 0 { lines.append(UInt8(ascii: ",")) }
            if !writeValue(index, of: row, to: &lines) { return index }
        }
        lines.append(UInt8(ascii: ")"))
        return nil
    }

    /// Writes one column; false where it cannot hold the value.
    func writeValue(_ index: Int, of row: MirrorRow, to lines: inout ByteArena) -> Bool {
        lines.append(
            mysqlValue: row.values[index], columns[index].form, descriptor.columns[index].kind,
            inKey: key.contains(index), scratch: &scratch)
    }

    /// Writes a change of a table without a key: its columns, its letter, and its position. A truncation has no columns.
    func writeKeyless(_ event: EventReference, of slices: [BatchSlice], to lines: inout ByteArena) -> Int? {
        let record = event.record(in: slices)
        keyed.collectPayload(event, of: slices)
        lines.append(UInt8(ascii: "("))
        for index in writable {
            if !writeValue(index, of: keyed.row, to: &lines) { return index }
            lines.append(UInt8(ascii: ","))
        }
        lines.append(UInt8(ascii: "'"))
        lines.append(record.operation.rawValue)
        lines.append("',")
        lines.append(decimal: record.position.eventCommit)
        lines.append(UInt8(ascii: ","))
        lines.append(decimal: record.position.number)
        lines.append(UInt8(ascii: ")"))
        return nil
    }

    func refusal(_ index: Int) -> MySQLFailure {
        MySQLFailure(
            .data,
            "column \(descriptor.columns[index].name) of \(descriptor.qualifiedName) has a value that \(columns[index].type) does not hold"
        )
    }
}
