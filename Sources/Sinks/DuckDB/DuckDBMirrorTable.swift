import CoreIngest

/// One mirror table in the shape of its source, with the statements that bring what is staged to it, and what one write has for it.
///
/// The table has no index: one has to fit into memory, and DuckDB's would refuse a key that a transaction removes and brings again.
/// The rows of staged keys are found by one look through the key's columns.
final class DuckDBMirrorTable {
    let table: DuckDBTable
    let descriptor: StreamDescriptor
    /// By column: the name as statements write it, and the type that is there.
    let columns: [(sql: String, type: DuckDBType)]
    let keyed: KeyedChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []
    private let sql: String
    /// Names of the columns that a table without a key has besides, as statements write them.
    private let more: [String]

    /// What a staged row is for.
    enum Purpose: String {
        case row = "w"
        /// A row with some of its columns; the others are those of the row with its former key.
        case part = "p"
        case removal = "d"
    }

    init(
        _ table: DuckDBTable, _ descriptor: StreamDescriptor, _ columns: [(sql: String, type: DuckDBType)],
        more: [String], database: String
    ) {
        self.table = table
        self.descriptor = descriptor
        self.columns = columns
        self.more = more
        keyed = KeyedChanges(RowShape(descriptor))
        sql = table.sql(in: database)
    }

    var key: [Int] { descriptor.keyColumns }
    var hasKey: Bool { !key.isEmpty }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    // MARK: Statements

    /// In the order in which staged rows have them: the columns, then with a key the purpose, which columns a part has, and the key of
    /// the row that it continues; without one the change.
    var makeStage: String {
        var names = columns.indices.map { "c\($0)" }
        names += hasKey ? ["purpose", "has"] + key.indices.map { "f\($0)" } : more.indices.map { "m\($0)" }
        return
            "CREATE TEMPORARY TABLE \(DuckDBTable.stage) (\(names.map { "\($0) VARCHAR" }.joined(separator: ", ")))"
    }

    var dropStage: String { "DROP TABLE temp.main.\(DuckDBTable.stage)" }
    private var stage: String { "temp.main.\(DuckDBTable.stage)" }
    private var former: String { "temp.main.\(DuckDBTable.former)" }

    var empty: String { "DELETE FROM \(sql)" }

    /// Removes the rows of all staged keys.
    var remove: String {
        let conditions = key.map { "t.\(columns[$0].sql) = \(columns[$0].type.value(of: "s.c\($0)"))" }
        return "DELETE FROM \(sql) t USING \(stage) s WHERE \(conditions.joined(separator: " AND "))"
    }

    /// Puts the rows aside that staged parts continue, before they are removed.
    var keepFormer: String {
        """
        CREATE TEMPORARY TABLE \(DuckDBTable.former) AS SELECT \(columns.indices.map { "t.\(columns[$0].sql) AS c\($0)" }.joined(separator: ", "))
        FROM \(sql) t, \(stage) s WHERE s.purpose = 'p' AND \(continues(columns: { "t.\(columns[$0].sql)" }))
        """
    }

    var dropFormer: String { "DROP TABLE \(former)" }

    /// Inserts the staged rows.
    func insert(withParts: Bool) -> String {
        let names = (columns.map(\.sql) + (hasKey ? [] : more)).joined(separator: ", ")
        var values = columns.indices.map { columns[$0].type.value(of: "s.c\($0)") }
        guard hasKey else {
            values += ["s.m0", "s.m1", "CAST(s.m2 AS BIGINT)"]
            return "INSERT INTO \(sql) (\(names)) SELECT \(values.joined(separator: ", ")) FROM \(stage) s"
        }
        guard withParts else {
            return """
                INSERT INTO \(sql) (\(names)) SELECT \(values.joined(separator: ", ")) FROM \(stage) s WHERE s.purpose <> 'd'
                """
        }
        values = columns.indices.map {
            "CASE WHEN s.purpose = 'w' OR substr(s.has, \($0 + 1), 1) = '1' THEN \(values[$0]) ELSE o.c\($0) END"
        }
        return """
            INSERT INTO \(sql) (\(names)) SELECT \(values.joined(separator: ", ")) FROM \(stage) s LEFT JOIN \(former) o
            ON s.purpose = 'p' AND \(continues(columns: { "o.c\($0)" })) WHERE s.purpose <> 'd'
            """
    }

    /// That a row has the key that a staged part continues.
    private func continues(columns name: (Int) -> String) -> String {
        key.enumerated().map { "\(name($1)) = \(columns[$1].type.value(of: "s.f\($0)"))" }.joined(separator: " AND ")
    }
}
