import CoreIngest

/// The mirror tables that this session has met. Says what is to be done so that they follow their sources; what is done is not taken
/// back with a transaction, as every statement that defines something ends it.
struct MySQLMirrorCatalog {
    private var tables: [ExactText: MySQLMirrorTable] = [:]
    private var origins: TableOrigins

    /// What tables without a key have besides: the operation, and the position, which is their key.
    static let changeTypes = [MySQLType(.varchar(1)), MySQLType(.unsigned), MySQLType(.unsigned)]
    private static let changeColumns = ["_buz_op", "_buz_commit_lsn", "_buz_ordinal"]

    init(_ settings: MySQLSinkSettings) { origins = TableOrigins(settings.state, sink: settings.name) }

    mutating func forget() {
        for table in tables.values { table.abandon() }
        tables = [:]
    }

    /// What is known of the stream's mirror, in whatever shape.
    func known(_ stream: StreamDescriptor, _ connection: MySQLConnection) -> MySQLMirrorTable? {
        tables[Self.folded(stream, connection)]
    }

    private static func folded(_ stream: StreamDescriptor, _ connection: MySQLConnection) -> ExactText {
        mysqlTableFolding(mysqlTable(schema: stream.schemaName, name: stream.table), connection.server)
    }

    /// The table of a stream, made or altered to its shape. `define` runs statements that define something, after all that came before
    /// is committed. A failure in the result is of this table only: no statement can make it.
    mutating func table(
        for stream: StreamDescriptor, source: SourceIdentity, _ connection: MySQLConnection,
        define: ([String]) throws(MySQLFailure) -> Void
    ) throws(MySQLFailure) -> Result<MySQLMirrorTable, MySQLFailure> {
        let name = mysqlTable(schema: stream.schemaName, name: stream.table)
        let folded = Self.folded(stream, connection)
        if let known = tables[folded], known.descriptor === stream { return .success(known) }
        do throws(TableRefusal) { try origins.claim(folded, as: name, for: stream, of: source) } catch {
            guard error.canBeMended else { return .failure(MySQLFailure(.data, error.description)) }
            throw MySQLFailure(.misconfigured, error.description)
        }
        if let known = tables[folded], known.serves(stream) { return .success(known) }
        let changeColumns = stream.keyColumns.isEmpty ? NameRules.mysql.free(Self.changeColumns, beside: stream) : []
        let definition = MySQLTypes.definition(stream, changeColumns: changeColumns)
        do throws(TableRefusal) {
            try NameRules.mysql.check(stream, more: changeColumns.count)
        } catch {
            return .failure(MySQLFailure(.data, error.description))
        }
        do throws(MySQLFailure) {
            let statements = try Self.statements(definition, name, connection)
            if !statements.isEmpty { try define(statements) }
        } catch {
            guard MySQLFailure.impossibleTables.contains(error.code) else { throw error }
            return .failure(
                MySQLFailure(
                    .data, "\(stream.qualifiedName) cannot be mirrored to \(name): \(error.message)", code: error.code))
        }
        let made = try Self.columns(of: name, for: stream, changeColumns, connection)
        tables[folded] = made
        return .success(made)
    }

    private static func statements(
        _ definition: TableDefinition<MySQLType>, _ name: String, _ connection: MySQLConnection
    ) throws(MySQLFailure) -> [String] {
        guard try connection.hasTable(name) else {
            return [statement(.create, definition, name, connection.server)]
        }
        let (columns, unique) = try connection.columns(of: name)
        let key = Set(definition.key.map { NameRules.mysql.folded(definition.columns[$0].name) })
        func isKey(_ columns: [String]) -> Bool { Set(columns.map(NameRules.mysql.folded)) == key }
        let own = unique.first { isKey($0.columns) } ?? unique.first { $0.index == "PRIMARY" }
        try checkIndexes(unique.filter { $0.index != own?.index }, definition, name)
        let keyColumns = Set((own?.columns ?? []).map(NameRules.mysql.folded))
        let present = columns.map {
            PresentColumn(name: $0.name, type: $0.type, isKey: keyColumns.contains(NameRules.mysql.folded($0.name)))
        }
        let steps: [TableStep]
        do throws(TableRefusal) {
            steps = try definition.steps(from: present, .mysql, table: name, changesKeys: true) { $0.fit($1) }
        } catch {
            throw MySQLFailure(.misconfigured, error.description)
        }
        let hasPrimary = unique.contains { $0.index == "PRIMARY" }
        return steps.map { statement($0, definition, name, connection.server, dropsKey: hasPrimary) }
    }

    /// `ON DUPLICATE KEY UPDATE` takes the row that any unique index finds: with another one it would be the wrong row. One with a column
    /// that the source does not have is the owner's business.
    private static func checkIndexes(
        _ others: [(index: String, columns: [String])], _ definition: TableDefinition<MySQLType>, _ name: String
    ) throws(MySQLFailure) {
        let known = Set(definition.columns.map { NameRules.mysql.folded($0.name) })
        for other in others {
            let columns = other.columns.map { $0.prefix { $0 != "(" } }
            guard other.index != "PRIMARY",
                columns.allSatisfy({ known.contains(NameRules.mysql.folded(String($0))) })
            else { continue }
            throw MySQLFailure(
                .misconfigured,
                "the mirror \(name) has the unique index \(other.index) besides its key, by which changes would find another row: ALTER TABLE \(mysqlIdentifier(name)) DROP INDEX \(mysqlIdentifier(other.index)), and make one that is not unique"
            )
        }
    }

    private static func statement(
        _ step: TableStep, _ definition: TableDefinition<MySQLType>, _ name: String, _ server: MySQLServerTraits,
        dropsKey: Bool = false
    ) -> String {
        let table = mysqlIdentifier(name)
        // Only the key is NOT NULL: a constraint that the source drops later must not hold the mirror up.
        func column(_ index: Int) -> String {
            let isKey = definition.key.contains(index)
            return
                "\(mysqlIdentifier(definition.columns[index].name)) \(definition.columns[index].type)\(isKey ? " NOT NULL" : " NULL")"
        }
        let key = definition.key.map { mysqlIdentifier(definition.columns[$0].name) }.joined(separator: ", ")
        switch step {
        case .create:
            let columns = definition.columns.indices.map(column).joined(separator: ", ")
            return "CREATE TABLE IF NOT EXISTS \(table) (\(columns), PRIMARY KEY (\(key))) \(server.tableOptions)"
        case .add(let index): return "ALTER TABLE \(table) ADD COLUMN \(column(index))"
        case .change(let index, _): return "ALTER TABLE \(table) MODIFY COLUMN \(column(index))"
        case .rekey:
            return "ALTER TABLE \(table) \(dropsKey ? "DROP PRIMARY KEY, " : "")ADD PRIMARY KEY (\(key))"
        }
    }

    /// Reads the columns as they are now, in the order of the source's.
    private static func columns(
        of name: String, for stream: StreamDescriptor, _ changeColumns: [String], _ connection: MySQLConnection
    ) throws(MySQLFailure) -> MySQLMirrorTable {
        let present = try connection.columns(of: name).columns
        let found = Dictionary(
            present.map { (NameRules.mysql.folded($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var columns: [MySQLMirrorTable.Column] = []
        for column in stream.columns {
            guard let there = found[NameRules.mysql.folded(column.name)] else {
                throw MySQLFailure(.catalogChanged, "\(name) lost column \(column.name) while it was looked at")
            }
            let type = MySQLType(parsing: there.type)
            columns.append(
                .init(
                    sql: mysqlIdentifier(column.name), form: type.form, type: type, isWritable: !there.isGenerated))
        }
        return MySQLMirrorTable(name, stream, columns, changeColumns: changeColumns)
    }
}
