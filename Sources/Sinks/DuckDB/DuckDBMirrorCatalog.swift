import CoreIngest

/// The mirror tables of one file, as long as it is open: made when they are missing, and changed with their sources.
struct DuckDBMirrorCatalog {
    private let database: String
    private var present: [ExactText: [PresentColumn]] = [:]
    private var tables: [ExactText: DuckDBMirrorTable] = [:]
    /// What was found for each stream, which is kept so that no other takes its place in memory.
    private var streams: [ObjectIdentifier: (stream: StreamDescriptor, table: DuckDBMirrorTable)] = [:]

    /// What a table without a key has besides.
    private static let changeColumns: [(name: String, type: DuckDBType)] = [
        ("_buz_op", .varchar), ("_buz_commit_lsn", .varchar), ("_buz_ordinal", .bigint),
    ]

    /// Looks at all tables that are there.
    init(_ connection: DuckDBConnection) throws(DuckDBFailure) {
        database = try connection.texts("SELECT current_database()").first?.first.flatMap { $0 } ?? ""
        for row in try Self.columns(connection) { present[row.table.folded, default: []].append(row.column) }
    }

    /// The table of a stream as it is known already; nil where it has to be looked at, made or altered.
    func known(_ stream: StreamDescriptor) -> DuckDBMirrorTable? { streams[ObjectIdentifier(stream)]?.table }

    /// The table of a stream, made or altered to its shape. Statements that do so must not run within a transaction that has changed the
    /// table: `settle` ends the one under way, `resume` begins the next.
    mutating func table(
        for stream: StreamDescriptor, source: SourceIdentity, _ origins: inout TableOrigins,
        _ connection: DuckDBConnection, settle: () throws(DuckDBFailure) -> Void,
        resume: () throws(DuckDBFailure) -> Void
    ) throws(DuckDBFailure) -> Result<DuckDBMirrorTable, TableRefusal> {
        let target = DuckDBTable.mirror(schema: stream.schemaName, name: stream.table)
        do throws(TableRefusal) { try origins.claim(target.folded, as: target.label, for: stream, of: source) } catch {
            guard error.canBeMended else { return .failure(error) }
            throw DuckDBFailure(.misconfigured, error.description)
        }
        if let table = tables[target.folded], table.serves(stream) {
            streams[ObjectIdentifier(stream)] = (stream, table)
            return .success(table)
        }
        let besides = stream.keyColumns.isEmpty ? Self.changeColumns : []
        let names = NameRules.duckDB.free(besides.map(\.name), beside: stream)
        let definition = TableDefinition(stream, DuckDBTypes.self, more: zip(names, besides).map { ($0, $1.type) })
        var there = present[target.folded] ?? []
        let steps: [TableStep]
        do throws(TableRefusal) {
            try NameRules.duckDB.check(stream, more: besides.count)
            // The key is in no index, so which columns have it, and of what type, is as free as in others. But they must be there.
            var free = definition
            let names = Set(there.map { NameRules.duckDB.folded($0.name) })
            free.key = free.key.filter { !names.contains(NameRules.duckDB.folded(definition.columns[$0].name)) }
            steps = try free.steps(from: there.isEmpty ? nil : there, .duckDB, table: target.label) { $0.fit($1) }
        } catch {
            guard error.canBeMended else { return .failure(error) }
            throw DuckDBFailure(.misconfigured, error.description)
        }
        if !steps.isEmpty {
            try settle()
            for step in steps { try carryOut(step, definition, target, connection) }
            there = try Self.columns(connection, of: target).map(\.column)
            present[target.folded] = there
            try resume()
        }
        var columns: [(sql: String, type: DuckDBType)] = []
        for column in stream.columns {
            guard
                let found = there.first(where: {
                    NameRules.duckDB.folded($0.name) == NameRules.duckDB.folded(column.name)
                }), let type = DuckDBType(parsing: found.type)
            else {
                throw DuckDBFailure(.other, "\(target.label) lost column \(column.name) while it was looked at")
            }
            columns.append((duckDBIdentifier(column.name), type))
        }
        let made = DuckDBMirrorTable(
            target, stream, columns, more: names.map(duckDBIdentifier), database: database)
        // What came for it in another shape is stored before what comes in this one, so that shape begins anew if it comes again.
        if let old = tables.updateValue(made, forKey: target.folded) {
            streams = streams.filter { $0.value.table !== old }
        }
        streams[ObjectIdentifier(stream)] = (stream, made)
        return .success(made)
    }

    /// The columns of a table, or of all, in their order.
    static func columns(
        _ connection: DuckDBConnection, of table: DuckDBTable? = nil
    ) throws(DuckDBFailure) -> [(table: DuckDBTable, column: PresentColumn)] {
        let rows = try connection.texts(
            """
            SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
            WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index
            """)
        return rows.compactMap { row in
            guard let schema = row[0], let name = row[1], let column = row[2], let type = row[3] else { return nil }
            let found = DuckDBTable(schema: schema, name: name)
            if let table, found.folded != table.folded { return nil }
            return (found, PresentColumn(name: column, type: type, isKey: false))
        }
    }

    private func carryOut(
        _ step: TableStep, _ definition: TableDefinition<DuckDBType>, _ table: DuckDBTable,
        _ connection: DuckDBConnection
    ) throws(DuckDBFailure) {
        let sql = table.sql(in: database)
        func column(_ index: Int) -> String {
            "\(duckDBIdentifier(definition.columns[index].name)) \(definition.columns[index].type)"
        }
        switch step {
        case .create:
            if table.schema != DuckDBTable.main {
                try connection.execute(
                    "CREATE SCHEMA IF NOT EXISTS \(duckDBIdentifier(database)).\(duckDBIdentifier(table.schema))")
            }
            let columns = definition.columns.indices.map(column).joined(separator: ", ")
            try connection.execute("CREATE TABLE \(sql) (\(columns))")
        case .add(let index): try connection.execute("ALTER TABLE \(sql) ADD COLUMN \(column(index))")
        case .change(let index, _):
            let name = duckDBIdentifier(definition.columns[index].name)
            try connection.execute("ALTER TABLE \(sql) ALTER COLUMN \(name) TYPE \(definition.columns[index].type)")
        case .rekey: break
        }
    }
}
