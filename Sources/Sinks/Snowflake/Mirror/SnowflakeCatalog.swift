import CoreIngest

/// The mirrors of one session: made when they are missing, and altered with their sources.
final class SnowflakeCatalog {
    private let statements: SnowflakeStatements
    private let schema: String
    private let reserved: Set<String>
    private var mirrors: [ExactText: SnowflakeMirror] = [:]
    private var origins: TableOrigins

    /// `reserved`: tables of the sink's own, which no mirror may take.
    init(_ statements: SnowflakeStatements, schema: String, reserved: Set<String>, _ origins: TableOrigins) {
        self.statements = statements
        self.origins = origins
        self.schema = schema
        self.reserved = reserved
    }

    /// The mirror of a stream, in its shape. `settle`: called before a column changes its type, to bring all changes of the old
    /// shape into the mirror.
    func mirror(
        of stream: StreamDescriptor, source: SourceIdentity, settle: () throws(SnowflakeFailure) -> Void
    ) throws(SnowflakeFailure) -> Result<SnowflakeMirror, TableRefusal> {
        let name = snowflakeTable(schema: stream.schemaName, name: stream.table)
        let folded = ExactText(name)
        if let known = mirrors[folded], known.stream === stream { return .success(known) }
        if reserved.contains(name) {
            return .failure(
                TableRefusal("\(stream.qualifiedName) would be mirrored to \(name), which the sink needs itself"))
        }
        do throws(TableRefusal) { try origins.claim(folded, as: name, for: stream, of: source) } catch {
            guard error.canBeMended else { return .failure(error) }
            throw SnowflakeFailure(.misconfigured, error.description)
        }
        if let known = mirrors[folded], known.serves(stream) { return .success(known) }
        let changeColumns =
            stream.keyColumns.isEmpty
            ? NameRules.snowflake.free(["_BUZ_OP", "_BUZ_COMMIT_LSN", "_BUZ_ORDINAL"], beside: stream) : []
        let definition = TableDefinition(
            stream, SnowflakeTypes.self,
            more: Array(zip(changeColumns, [.varchar, .varchar, .number(precision: 38, scale: 0)] as [SnowflakeType]))
                .map {
                    ($0, $1)
                })
        let table = SnowflakeTable(schema: schema, name: name)
        let present = try Self.columns(of: table, statements)
        let steps: [TableStep]
        do throws(TableRefusal) {
            try NameRules.snowflake.check(stream, more: changeColumns.count)
            steps = try definition.steps(from: present, .snowflake, table: name) { $0.fit($1) }
        } catch {
            return .failure(error)
        }
        for step in steps { try carryOut(step, of: definition, on: table, settle) }
        let mirror = SnowflakeMirror(name, stream, changeColumns: changeColumns)
        mirrors[folded] = mirror
        return .success(mirror)
    }

    /// What a table has; nil where there is none.
    static func columns(
        of table: SnowflakeTable, _ statements: SnowflakeStatements
    ) throws(SnowflakeFailure) -> [PresentColumn]? {
        do throws(SnowflakeFailure) {
            return try statements.run("DESCRIBE TABLE \(table.sql)").rows.compactMap { row in
                guard row.count > 1, let name = row[0], let type = row[1] else { return nil }
                return PresentColumn(name: name, type: type, isKey: false)
            }
        } catch {
            guard error.kind == .absent else { throw error }
            return nil
        }
    }

    private func carryOut(
        _ step: TableStep, of definition: TableDefinition<SnowflakeType>, on table: SnowflakeTable,
        _ settle: () throws(SnowflakeFailure) -> Void
    ) throws(SnowflakeFailure) {
        func name(_ index: Int) -> String { snowflakeIdentifier(snowflakeName(definition.columns[index].name)) }
        switch step {
        case .create:
            var parts = definition.columns.indices.map { "\(name($0)) \(definition.columns[$0].type)" }
            if !definition.key.isEmpty {
                parts.append("PRIMARY KEY (\(definition.key.map(name).joined(separator: ", ")))")
            }
            try statements.run("CREATE TABLE IF NOT EXISTS \(table.sql) (\(parts.joined(separator: ", ")))")
        case .add(let index):
            try statements.run("ALTER TABLE \(table.sql) ADD COLUMN \(name(index)) \(definition.columns[index].type)")
        case .change(let index, _):
            try settle()
            let new = snowflakeIdentifier("BUZ_NEW_\(snowflakeName(definition.columns[index].name))")
            let type = definition.columns[index].type
            try statements.run("ALTER TABLE \(table.sql) ADD COLUMN \(new) \(type)")
            try statements.run("UPDATE \(table.sql) SET \(new) = \(name(index))::VARCHAR::\(type)", usesWarehouse: true)
            try statements.run("ALTER TABLE \(table.sql) DROP COLUMN \(name(index))")
            try statements.run("ALTER TABLE \(table.sql) RENAME COLUMN \(new) TO \(name(index))")
        // Keys are not enforced by Snowflake; that of the source travels with each change.
        case .rekey: break
        }
    }
}
