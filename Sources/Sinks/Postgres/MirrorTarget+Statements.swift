/// The statements that bring rows from the session's temporary table to a mirror.
extension MirrorTarget {
    /// Empties the temporary table, which an earlier part of the transaction may have filled, and fills it anew.
    func stageStatement(_ stage: String, _ columns: [Int]) -> String {
        "DELETE FROM \(stage); COPY \(stage) (\(list(columns))) FROM STDIN"
    }

    func deleteStatement(from stage: String) -> String {
        "DELETE FROM \(table.sql) AS t USING \(stage) AS s WHERE \(sameKey)"
    }

    func upsertStatement(from stage: String) -> String {
        let list = list(writable)
        return
            "INSERT INTO \(table.sql) (\(list)) OVERRIDING SYSTEM VALUE SELECT \(list) FROM \(stage) \(conflictClause)"
    }

    /// What an insert does when the row is there: gives it all columns.
    var conflictClause: String {
        let others = writable.filter { !key.contains($0) }
        let sets = others.map { "\(columns[$0].sql) = excluded.\(columns[$0].sql)" }
        return "ON CONFLICT (\(list(key))) "
            + (sets.isEmpty ? "DO NOTHING" : "DO UPDATE SET \(sets.joined(separator: ", "))")
    }

    /// Gives rows that are there some columns. Nil when those are the key alone.
    func updateStatement(_ chosen: [Int], from stage: String) -> String? {
        let sets = chosen.filter { !key.contains($0) }.map { "\(columns[$0].sql) = s.\(columns[$0].sql)" }
        if sets.isEmpty { return nil }
        return "UPDATE \(table.sql) AS t SET \(sets.joined(separator: ", ")) FROM \(stage) AS s WHERE \(sameKey)"
    }

    /// Adds the rows that are not there, with some columns.
    func fillStatement(_ chosen: [Int], from stage: String) -> String {
        let list = list(chosen)
        return "INSERT INTO \(table.sql) (\(list)) OVERRIDING SYSTEM VALUE SELECT \(list) FROM \(stage) "
            + "ON CONFLICT (\(self.list(key))) DO NOTHING"
    }

    private var sameKey: String {
        key.map { "t.\(columns[$0].sql) = s.\(columns[$0].sql)" }.joined(separator: " AND ")
    }
}
