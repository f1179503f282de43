import CoreIngest

/// The mirror tables of one database: made when they are missing, and changed with their sources.
final class SQLiteMirrorCatalog {
    private let database: SQLiteDatabase
    private var tables: [SQLiteName: SQLiteMirrorTable] = [:]
    /// Which source table each mirror is of.
    private var origins: [SQLiteName: String] = [:]

    init(_ database: SQLiteDatabase) { self.database = database }

    /// After a rollback: what was made in the transaction is gone.
    func forget() { tables = [:] }

    /// The table of a stream, made or altered to its shape.
    func table(for stream: StreamDescriptor, source: SourceIdentity) throws(StateError) -> SQLiteMirrorTable {
        let name = SQLiteName.table(schema: stream.schemaName, name: stream.table)
        let folded = SQLiteName(name)
        if let known = tables[folded], known.descriptor === stream { return known }
        let origin = "\(stream.qualifiedName) of input \(source.name)"
        if let other = origins[folded], other != origin {
            throw StateError(
                .failed,
                "\(origin) and \(other) would both be mirrored to the table \(name), as SQLite's names have no case: give them sinks of their own"
            )
        }
        origins[folded] = origin
        if let known = tables[folded], known.serves(stream) { return known }
        try checkNames(of: stream)
        let changeColumns = changeColumns(of: stream)
        let present = try columns(of: name)
        if present.isEmpty {
            try create(name, stream, changeColumns)
        } else {
            try alter(name, stream, present, changeColumns)
        }
        let table = try SQLiteMirrorTable(name, stream, changeColumns: changeColumns, in: database)
        tables[folded] = table
        return table
    }

    private func checkNames(of stream: StreamDescriptor) throws(StateError) {
        var seen: [SQLiteName: String] = [:]
        for column in stream.columns {
            if let other = seen.updateValue(column.name, forKey: SQLiteName(column.name)) {
                throw StateError(
                    .refused,
                    "\(stream.qualifiedName) has the columns \(other) and \(column.name), which are one to SQLite: leave one out of the publication"
                )
            }
        }
        if stream.columns.count > 1990 {
            throw StateError(
                .refused,
                "\(stream.qualifiedName) has \(stream.columns.count) columns, more than SQLite's 2000: leave some out of the publication"
            )
        }
    }

    /// What a table without a key has besides; with underscores behind where the source has such columns itself.
    private func changeColumns(of stream: StreamDescriptor) -> [String] {
        guard stream.keyColumns.isEmpty else { return [] }
        let taken = Set(stream.columns.map { SQLiteName($0.name) })
        return ["_buz_op", "_buz_commit_lsn", "_buz_ordinal"].map { name in
            var free = name
            while taken.contains(SQLiteName(free)) { free += "_" }
            return free
        }
    }

    private static let changeTypes: [SQLiteType] = [.text, .text, .integer]

    private func create(_ name: String, _ stream: StreamDescriptor, _ changeColumns: [String]) throws(StateError) {
        var parts = stream.columns.map { "\(sqliteIdentifier($0.name)) \(SQLiteType($0.kind).rawValue)" }
        parts += zip(changeColumns, Self.changeTypes).map { "\(sqliteIdentifier($0)) \($1.rawValue)" }
        if !stream.keyColumns.isEmpty { parts.append("PRIMARY KEY (\(keyList(stream)))") }
        try database.execute("CREATE TABLE \(sqliteIdentifier(name)) (\(parts.joined(separator: ", ")))")
    }

    private func keyList(_ stream: StreamDescriptor) -> String {
        stream.keyColumns.map { sqliteIdentifier(stream.columns[$0].name) }.joined(separator: ", ")
    }

    private struct Present {
        var name: String
        var type: String
        /// Place in the primary key, from 1; 0 outside of it.
        var keyPlace: Int
    }

    private func columns(of table: String) throws(StateError) -> [SQLiteName: Present] {
        var rows = try database.prepare("SELECT name, type, pk FROM pragma_table_info(?)")
        try rows.bind(1, table)
        var found: [SQLiteName: Present] = [:]
        while try rows.step() {
            let column = Present(name: rows.text(0), type: rows.text(1), keyPlace: Int(rows.integer(2)))
            found[SQLiteName(column.name)] = column
        }
        return found
    }

    private func alter(
        _ name: String, _ stream: StreamDescriptor, _ present: [SQLiteName: Present], _ changeColumns: [String]
    ) throws(StateError) {
        let table = sqliteIdentifier(name)
        for column in stream.columns {
            let type = SQLiteType(column.kind)
            guard let old = present[SQLiteName(column.name)] else {
                try database.execute(
                    "ALTER TABLE \(table) ADD COLUMN \(sqliteIdentifier(column.name)) \(type.rawValue)")
                continue
            }
            if !type.fits(old.type) { try change(old, of: name, to: type) }
        }
        for (column, type) in zip(changeColumns, Self.changeTypes) where present[SQLiteName(column)] == nil {
            try database.execute("ALTER TABLE \(table) ADD COLUMN \(sqliteIdentifier(column)) \(type.rawValue)")
        }
        guard !stream.keyColumns.isEmpty else { return }
        let key = Set(stream.keyColumns.map { SQLiteName(stream.columns[$0].name) })
        if Set(present.filter { $0.value.keyPlace > 0 }.keys) != key {
            let index = sqliteIdentifier("buz_key_of_\(name)")
            // One of an earlier key would refuse rows.
            try database.execute("DROP INDEX IF EXISTS \(index)")
            try database.execute("CREATE UNIQUE INDEX \(index) ON \(table) (\(keyList(stream)))")
        }
    }

    /// Gives a column another declared type, with its values as texts. SQLite cannot, so another column takes its place.
    private func change(_ column: Present, of name: String, to type: SQLiteType) throws(StateError) {
        let table = sqliteIdentifier(name)
        guard column.keyPlace == 0 else {
            throw StateError(
                .failed,
                "key column \(column.name) of the mirror \(name) has the type \(column.type) and its source another by now: "
                    + "drop the table, then take a fresh snapshot")
        }
        let old = sqliteIdentifier(column.name)
        let new = sqliteIdentifier("buz_new_\(column.name)")
        try database.execute("ALTER TABLE \(table) ADD COLUMN \(new) \(type.rawValue)")
        try database.execute("UPDATE \(table) SET \(new) = CAST(\(old) AS \(type.rawValue))")
        try database.execute("ALTER TABLE \(table) DROP COLUMN \(old)")
        try database.execute("ALTER TABLE \(table) RENAME COLUMN \(new) TO \(old)")
    }
}
