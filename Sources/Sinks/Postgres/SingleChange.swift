import CoreIngest

/// One change brought to its mirror table by itself, with parameters: for rows that only the target knows whole, and for finding the
/// change that the server refuses among those of one row.
struct SingleChange {
    let event: EventReference
    let slices: [BatchSlice]
    let target: MirrorTarget
    let connection: PostgresConnection

    /// Has one effect of the change: of one that gives a row another key, a removal is of the old one.
    ///
    /// Answers how many rows were stored with only what was known of them: 0 or 1.
    func apply(_ effect: PendingChanges.Effect) throws(PostgresFailure) -> Int {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        switch effect {
        case .removal:
            let own = record.key.isEmpty ? record.payload : record.key
            try delete(batch.bytes(of: record.operation == .delete ? own : record.before))
            return 0
        case .whole:
            try upsert(try row(batch.bytes(of: record.payload)))
            return 0
        case .partial:
            let new = try row(batch.bytes(of: record.payload))
            let isMoved = record.flags.contains(.keyChanged) && !record.before.isEmpty
            guard isMoved else { return try update(new, where: new) }
            let old = try row(batch.bytes(of: record.before))
            return try partsKeepRows() ? replace(old, by: new) : update(new, where: old)
        }
    }

    private func row(_ object: UnsafeRawBufferPointer) throws(PostgresFailure) -> MirrorRow {
        var row = MirrorRow(target.shape)
        guard row.take(object) else {
            throw PostgresFailure(.data, "the payload is not a JSON object (SQLSTATE 22P02)", sqlState: "22P02")
        }
        return row
    }

    private func delete(_ object: UnsafeRawBufferPointer) throws(PostgresFailure) {
        let row = try row(object)
        var parameters: [String?] = []
        let condition = try self.condition(row, &parameters)
        _ = try connection.query("DELETE FROM \(target.table.sql) WHERE \(condition)", parameters)
    }

    private func upsert(_ row: MirrorRow) throws(PostgresFailure) {
        try insert(row, target.writable, target.conflictClause)
    }

    @discardableResult
    private func insert(_ row: MirrorRow, _ columns: [Int], _ conflict: String) throws(PostgresFailure) -> Int {
        var parameters: [String?] = []
        for index in columns { parameters.append(try row.parameter(index, of: target)) }
        return try insert(columns, parameters, conflict)
    }

    @discardableResult
    private func insert(_ columns: [Int], _ parameters: [String?], _ conflict: String) throws(PostgresFailure) -> Int {
        let marks = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        return try connection.query(
            """
            INSERT INTO \(target.table.sql) (\(target.list(columns))) OVERRIDING SYSTEM VALUE VALUES (\(marks)) \(conflict)
            """, parameters
        ).affected
    }

    private func update(_ row: MirrorRow, where old: MirrorRow) throws(PostgresFailure) -> Int {
        let columns = target.writable.filter { row.values[$0] != nil }
        var parameters: [String?] = []
        var sets: [String] = []
        for index in columns {
            parameters.append(try row.parameter(index, of: target))
            sets.append("\(target.columns[index].sql) = $\(parameters.count)")
        }
        let condition = try self.condition(old, &parameters)
        let changed = try connection.query(
            "UPDATE \(target.table.sql) SET \(sets.joined(separator: ", ")) WHERE \(condition)", parameters
        ).affected
        if changed > 0 { return 0 }
        return try insert(row, columns, "ON CONFLICT (\(target.list(target.key))) DO NOTHING")
    }

    /// Whether the table is an ordinary one with parts that inherit from it, as Timescale's hypertables are: no update brings a row from one
    /// part to another there. Partitions of Postgres do that.
    private func partsKeepRows() throws(PostgresFailure) -> Bool {
        try connection.query(
            """
            SELECT 1 FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
            WHERE c.oid = $1::regclass AND c.relkind = 'r' LIMIT 1
            """, [target.table.sql]
        ).rowCount > 0
    }

    /// Takes a row away and stores it anew, with what the change does not tell of it.
    private func replace(_ old: MirrorRow, by new: MirrorRow) throws(PostgresFailure) -> Int {
        let kept = target.writable.filter { new.values[$0] == nil }
        let told = target.writable.filter { new.values[$0] != nil }
        var parameters: [String?] = []
        let condition = try self.condition(old, &parameters)
        let list = kept.isEmpty ? "1" : target.list(kept)
        let found = try connection.query(
            "DELETE FROM \(target.table.sql) WHERE \(condition) RETURNING \(list)", parameters)
        guard found.rowCount > 0 else {
            return try insert(new, told, "ON CONFLICT (\(target.list(target.key))) DO NOTHING")
        }
        var values: [String?] = []
        for index in told { values.append(try new.parameter(index, of: target)) }
        for column in kept.indices { values.append(found.text(0, column)) }
        try insert(told + kept, values, target.conflictClause)
        return 0
    }

    private func condition(_ row: MirrorRow, _ parameters: inout [String?]) throws(PostgresFailure) -> String {
        var parts: [String] = []
        for index in target.key {
            parameters.append(try row.parameter(index, of: target))
            parts.append("\(target.columns[index].sql) = $\(parameters.count)")
        }
        return parts.joined(separator: " AND ")
    }
}
