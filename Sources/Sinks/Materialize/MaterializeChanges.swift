import CoreIngest

/// The tables of changes behind one mirror, and the view over them.
///
/// Materialize's tables cannot be given columns, so a changed shape begins another table, and the view is made anew over all of them.
/// A row is the whole state of a source row after a change, or the key of one that is gone.
struct MaterializeChanges {
    struct Column: Equatable {
        var name: String
        var type: MaterializeType
    }

    struct Table {
        var number: Int
        /// Without those of ``columns``.
        var columns: [Column]
        /// Names of the columns that are never NULL: the key.
        var key: Set<String>
    }

    /// What each table begins with: the operation (`d` for a deletion), what orders the rows, and the position of the change.
    static let columns: [Column] = [
        Column(name: "_buz_op", type: .text), Column(name: "_buz_sequence", type: .integer(bits: 64)),
        Column(name: "_buz_commit_lsn", type: .numeric), Column(name: "_buz_ordinal", type: .numeric),
    ]

    let mirror: MaterializeName
    let schema: String
    /// In the order of their numbers.
    var tables: [Table]
    /// The source's key, in its order; empty where it has none.
    let key: [String]
    /// The table ``MaterializePositions/marks``.
    let marks: MaterializeName

    func name(_ table: Table) -> MaterializeName {
        MaterializeName(schema: schema, name: "\(mirror.changesPrefix)\(table.number)")
    }

    /// The columns of the mirror: those of all tables, each with the type that it was given last.
    var all: [Column] {
        var found: [Column] = []
        for column in tables.flatMap(\.columns) {
            if let known = found.firstIndex(where: { $0.name.utf8.elementsEqual(column.name.utf8) }) {
                found[known].type = column.type
            } else {
                found.append(column)
            }
        }
        // Those of changes that have no row of their own.
        return found + (key.isEmpty ? [Self.columns[0], Self.columns[2], Self.columns[3]] : [])
    }

    // MARK: Statements

    func createTable(_ table: Table) -> String {
        let quoted = NameRules.materialize.quoted
        let own = Self.columns.map { "\(quoted($0.name)) \($0.type) NOT NULL" }
        let columns = table.columns.map { column in
            "\(quoted(column.name)) \(column.type)\(table.key.contains(column.name) ? " NOT NULL" : "")"
        }
        return "CREATE TABLE IF NOT EXISTS \(name(table).sql) (\((own + columns).joined(separator: ", ")))"
    }

    /// The mirror. With a key: the last row of each key since the mirror was emptied, without those that are gone.
    func createView(replacing: Bool) -> String {
        let quoted = NameRules.materialize.quoted
        let columns = all.map { quoted($0.name) }.joined(separator: ", ")
        let own = Self.columns.map { quoted($0.name) }
        let since = """
            \(own[1]) > (SELECT coalesce(max(sequence), 0) FROM \(marks.sql) \
            WHERE mirror = \(postgresLiteral(mirror.changesPrefix)))
            """
        let head = "CREATE \(replacing ? "OR REPLACE " : "")VIEW \(mirror.sql) AS SELECT \(columns) FROM "
        if key.isEmpty { return head + "(\(union)) AS changes WHERE \(since)" }
        let keys = key.map(quoted).joined(separator: ", ")
        return head + """
            (SELECT DISTINCT ON (\(keys)) \(columns), \(own[0]) FROM (\(union)) AS changes WHERE \(since) \
            ORDER BY \(keys), \(own[1]) DESC, \(own[2]) DESC, \(own[3]) DESC) AS latest WHERE \(own[0]) <> 'd'
            """
    }

    /// The rows of all tables, with the columns and types of the mirror.
    private var union: String {
        let quoted = NameRules.materialize.quoted
        let wanted = all.filter { column in !Self.columns.contains { $0.name == column.name } }
        return tables.map { table in
            let columns = wanted.map { column in
                guard let there = table.columns.first(where: { $0.name.utf8.elementsEqual(column.name.utf8) }) else {
                    return "NULL::\(column.type) AS \(quoted(column.name))"
                }
                return there.type == column.type
                    ? quoted(column.name) : "\(quoted(column.name))::\(column.type) AS \(quoted(column.name))"
            }
            let listed = (Self.columns.map { quoted($0.name) } + columns).joined(separator: ", ")
            return "SELECT \(listed) FROM \(name(table).sql)"
        }.joined(separator: " UNION ALL ")
    }

    /// The statements that delete rows of which the mirror shows nothing: those before it was emptied last, those with a later row of the
    /// same key between two numbers, and then deletions up to the second one. Each may fail, and be done again, at any moment.
    func compaction(after first: UInt64, upTo last: UInt64) -> [String] {
        let quoted = NameRules.materialize.quoted
        let own = Self.columns.map { quoted($0.name) }
        var statements = tables.map { table in
            """
            DELETE FROM \(name(table).sql) WHERE \(own[1]) <= (SELECT coalesce(max(sequence), 0) FROM \(marks.sql) \
            WHERE mirror = \(postgresLiteral(mirror.changesPrefix)))
            """
        }
        if key.isEmpty { return statements }
        let keys = key.map(quoted).joined(separator: ", ")
        let recent = """
            SELECT \(keys), max(\(own[1])) AS last FROM (\(union)) AS changes \
            WHERE \(own[1]) > \(first) AND \(own[1]) <= \(last) GROUP BY \(keys)
            """
        let wanted = all
        statements += tables.map { table in
            let same = key.map { name in
                let type = wanted.first { $0.name.utf8.elementsEqual(name.utf8) }?.type ?? .text
                return "old.\(quoted(name))::\(type) = recent.\(quoted(name))"
            }.joined(separator: " AND ")
            return
                "DELETE FROM \(name(table).sql) AS old USING (\(recent)) AS recent WHERE \(same) AND old.\(own[1]) < recent.last"
        }
        statements += tables.map { table in
            "DELETE FROM \(name(table).sql) WHERE \(own[0]) = 'd' AND \(own[1]) > \(first) AND \(own[1]) <= \(last)"
        }
        return statements
    }

    /// Statement for an index of the mirror's key.
    func createIndex(in cluster: String?) -> String {
        let quoted = NameRules.materialize.quoted
        let place = cluster.map { " IN CLUSTER \(quoted($0))" } ?? ""
        return
            "CREATE INDEX IF NOT EXISTS \(quoted("\(mirror.name)_buz_key"))\(place) ON \(mirror.sql) (\(key.map(quoted).joined(separator: ", ")))"
    }
}
