import CoreIngest

/// The mirror tables of one database: made when they are missing, and changed with their sources.
final class SQLiteMirrorCatalog {
    private let database: SQLiteDatabase
    private var tables: [ExactText: SQLiteMirrorTable] = [:]
    private var origins: TableOrigins

    init(_ database: SQLiteDatabase, _ origins: TableOrigins) {
        self.database = database
        self.origins = origins
    }

    /// After a rollback: what was made in the transaction is gone.
    func forget() { tables = [:] }

    /// What a table without a key has besides.
    private static let changeTypes: [SQLiteType] = [.text, .text, .integer]

    /// The table of a stream, made or altered to its shape.
    func table(for stream: StreamDescriptor, source: SourceIdentity) throws(StateError) -> SQLiteMirrorTable {
        let name = sqliteTable(schema: stream.schemaName, name: stream.table)
        let folded = NameRules.sqlite.folded(name)
        if let known = tables[folded], known.descriptor === stream { return known }
        do throws(TableRefusal) { try origins.claim(folded, as: name, for: stream, of: source) } catch {
            throw StateError(error.canBeMended ? .misconfigured : .refused, error.description)
        }
        if let known = tables[folded], known.serves(stream) { return known }
        let changeColumns =
            stream.keyColumns.isEmpty
            ? NameRules.sqlite.free(["_buz_op", "_buz_commit_lsn", "_buz_ordinal"], beside: stream) : []
        let definition = TableDefinition(
            stream, SQLiteTypes.self, more: Array(zip(changeColumns, Self.changeTypes).map { ($0, $1) }))
        let present = try Self.columns(of: name, in: database)
        let steps: [TableStep]
        do throws(TableRefusal) {
            try NameRules.sqlite.check(stream, more: changeColumns.count)
            steps = try definition.steps(from: present.isEmpty ? nil : present, .sqlite, table: name) { $0.fit($1) }
        } catch {
            throw StateError(error.canBeMended ? .misconfigured : .refused, error.description)
        }
        for step in steps { try carryOut(step, of: definition, on: name) }
        let table = try SQLiteMirrorTable(name, stream, changeColumns: changeColumns, in: database)
        tables[folded] = table
        return table
    }

    /// What a table has; nothing where there is none.
    static func columns(of table: String, in database: SQLiteDatabase) throws(StateError) -> [PresentColumn] {
        var rows = try database.prepare("SELECT name, type, pk FROM pragma_table_info(?)")
        try rows.bind(1, table)
        var found: [PresentColumn] = []
        while try rows.step() {
            found.append(PresentColumn(name: rows.text(0), type: rows.text(1), isKey: rows.integer(2) > 0))
        }
        return found
    }

    private func carryOut(
        _ step: TableStep, of definition: TableDefinition<SQLiteType>, on name: String
    ) throws(StateError) {
        let table = sqliteIdentifier(name)
        let key = definition.key.map { sqliteIdentifier(definition.columns[$0].name) }.joined(separator: ", ")
        switch step {
        case .create:
            var parts = definition.columns.map { "\(sqliteIdentifier($0.name)) \($0.type)" }
            if !key.isEmpty { parts.append("PRIMARY KEY (\(key))") }
            try database.execute("CREATE TABLE \(table) (\(parts.joined(separator: ", ")))")
        case .add(let index):
            let column = definition.columns[index]
            try database.execute("ALTER TABLE \(table) ADD COLUMN \(sqliteIdentifier(column.name)) \(column.type)")
        case .change(let index, _): try change(definition.columns[index], of: table)
        case .rekey:
            let index = sqliteIdentifier("buz_key_of_\(name)")
            // One of an earlier key would refuse rows.
            try database.execute("DROP INDEX IF EXISTS \(index)")
            try database.execute("CREATE UNIQUE INDEX \(index) ON \(table) (\(key))")
        }
    }

    /// Gives a column another declared type, with its values as texts. SQLite cannot, so another column takes its place.
    private func change(_ column: TableDefinition<SQLiteType>.Column, of table: String) throws(StateError) {
        let old = sqliteIdentifier(column.name)
        let new = sqliteIdentifier("buz_new_\(column.name)")
        try database.execute("ALTER TABLE \(table) ADD COLUMN \(new) \(column.type)")
        try database.execute("UPDATE \(table) SET \(new) = CAST(\(old) AS \(column.type))")
        try database.execute("ALTER TABLE \(table) DROP COLUMN \(old)")
        try database.execute("ALTER TABLE \(table) RENAME COLUMN \(new) TO \(old)")
    }
}
