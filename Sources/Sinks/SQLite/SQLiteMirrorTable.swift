import CoreIngest

/// One mirror table in the shape of its source, with the statements that bring changes to it.
final class SQLiteMirrorTable {
    let name: String
    let descriptor: StreamDescriptor
    let shape: RowShape
    private let database: SQLiteDatabase
    private let columns: [String]
    private let upsert: PreparedStatement
    private let deletion: PreparedStatement?
    /// By the columns that a change brings.
    private var updates: [[Int]: PreparedStatement] = [:]
    private var row: MirrorRow
    private var oldRow: MirrorRow
    private var scratch = ByteArena(capacity: 256)

    /// Statements that are kept for changes that bring some columns only.
    private static let mostUpdates = 32

    /// The table must be in the descriptor's shape. `changeColumns`: what a table without a key has besides, in order: operation,
    /// commit, ordinal.
    init(
        _ name: String, _ descriptor: StreamDescriptor, changeColumns: [String], in database: SQLiteDatabase
    ) throws(StateError) {
        self.name = name
        self.descriptor = descriptor
        self.database = database
        shape = RowShape(descriptor)
        row = MirrorRow(shape)
        oldRow = row
        let columns = descriptor.columns.map { sqliteIdentifier($0.name) }
        self.columns = columns
        let table = sqliteIdentifier(name)
        let all = columns + (shape.key.isEmpty ? changeColumns.map(sqliteIdentifier) : [])
        let marks = Array(repeating: "?", count: all.count).joined(separator: ", ")
        var insertion = "INSERT INTO \(table) (\(all.joined(separator: ", "))) VALUES (\(marks))"
        if shape.key.isEmpty {
            deletion = nil
        } else {
            let key = shape.key.map { columns[$0] }
            let sets = columns.indices.filter { !descriptor.keyColumns.contains($0) }
                .map { "\(columns[$0]) = excluded.\(columns[$0])" }
            insertion += " ON CONFLICT (\(key.joined(separator: ", "))) DO "
            insertion += sets.isEmpty ? "NOTHING" : "UPDATE SET \(sets.joined(separator: ", "))"
            deletion = try PreparedStatement(
                database, "DELETE FROM \(table) WHERE \(key.map { "\($0) = ?" }.joined(separator: " AND "))")
        }
        upsert = try PreparedStatement(database, insertion)
    }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    func empty() throws(StateError) { try database.execute("DELETE FROM \(sqliteIdentifier(name))") }

    /// Brings one change to the table; true when a row that it builds on was not there and was stored with what is known of it.
    func apply(_ record: EventRecord, of batch: EventBatch) throws(StateError) -> Bool {
        row.clear()
        guard shape.key.isEmpty else { return try applyByKey(record, of: batch) }
        if !record.payload.isEmpty { try take(record.payload, of: batch) }
        _ = try upsert.run(on: database) { statement throws(StateError) in
            try bind(row, Array(columns.indices), from: 1, to: &statement)
            try statement.bind(columns.count + 1, String(Unicode.Scalar(record.operation.rawValue)))
            try statement.bind(columns.count + 2, LogSequenceNumber(record.position.commit).description)
            try statement.bind(columns.count + 3, Int64(clamping: record.position.number))
        }
        return false
    }

    private func applyByKey(_ record: EventRecord, of batch: EventBatch) throws(StateError) -> Bool {
        if record.operation == .delete {
            try take(record.key.isEmpty ? record.payload : record.key, of: batch)
            try delete(row)
            return false
        }
        try take(record.payload, of: batch)
        let isMoved = record.flags.contains(.keyChanged) && !record.before.isEmpty
        if isMoved {
            oldRow.clear()
            guard oldRow.take(batch.bytes(of: record.before)) else { throw malformed() }
        }
        if !record.unchanged.isEmpty { return try update(from: isMoved ? oldRow : row) }
        if isMoved { try move() } else { try store() }
        return false
    }

    /// Takes the row from its old key to its new one: both, or neither where the new row is refused.
    private func move() throws(StateError) {
        try database.execute("SAVEPOINT buz_move")
        do throws(StateError) {
            try delete(oldRow)
            try store()
        } catch {
            try database.execute("ROLLBACK TO buz_move; RELEASE buz_move")
            throw error
        }
        try database.execute("RELEASE buz_move")
    }

    private func take(_ object: ByteRange, of batch: EventBatch) throws(StateError) {
        guard row.take(batch.bytes(of: object)) else { throw malformed() }
    }

    private func malformed() -> StateError {
        StateError(.refused, "the payload of a row of \(descriptor.qualifiedName) is not a JSON object")
    }

    private func store() throws(StateError) {
        _ = try upsert.run(on: database) { statement throws(StateError) in
            try bind(row, Array(columns.indices), from: 1, to: &statement)
        }
    }

    private func delete(_ old: MirrorRow) throws(StateError) {
        guard let deletion else { return }
        _ = try deletion.run(on: database) { statement throws(StateError) in
            try bind(old, shape.key, from: 1, to: &statement)
        }
    }

    /// Gives the row that has `old`'s key the columns that came.
    private func update(from old: MirrorRow) throws(StateError) -> Bool {
        let known = columns.indices.filter { row.values[$0] != nil }
        let changed = try updateStatement(known).run(on: database) { statement throws(StateError) in
            try bind(row, known, from: 1, to: &statement)
            try bind(old, shape.key, from: known.count + 1, to: &statement)
        }
        if changed > 0 { return false }
        try store()
        return true
    }

    private func updateStatement(_ known: [Int]) throws(StateError) -> PreparedStatement {
        if let statement = updates[known] { return statement }
        if updates.count >= Self.mostUpdates { updates = [:] }
        let sets = known.map { "\(columns[$0]) = ?" }.joined(separator: ", ")
        let condition = shape.key.map { "\(columns[$0]) = ?" }.joined(separator: " AND ")
        let statement = try PreparedStatement(
            database, "UPDATE \(sqliteIdentifier(name)) SET \(sets) WHERE \(condition)")
        updates[known] = statement
        return statement
    }

    private func bind(
        _ row: MirrorRow, _ indices: [Int], from first: Int, to statement: inout Statement
    ) throws(StateError) {
        for (place, index) in indices.enumerated() {
            try statement.bind(
                first + place, json: row.values[index], descriptor.columns[index].kind, scratch: &scratch)
        }
    }
}
