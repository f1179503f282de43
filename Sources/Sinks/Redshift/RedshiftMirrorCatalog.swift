import CoreIngest

/// The mirror tables that this session has met. Says what is to be done so that they follow their sources, and does it, before the
/// transaction that needs it: a column more does no harm if that transaction comes later, or again.
struct RedshiftMirrorCatalog {
    private var tables: [RedshiftTable: RedshiftMirrorTable] = [:]
    private var origins: TableOrigins
    private let schema: String?

    /// What tables without a key have besides: the operation and the position.
    static let changeTypes = [
        RedshiftType(.varchar(1)), RedshiftType(.decimal(precision: 20, scale: 0)),
        RedshiftType(.decimal(precision: 20, scale: 0)),
    ]
    private static let changeColumns = ["_buz_op", "_buz_commit_lsn", "_buz_ordinal"]

    init(_ settings: RedshiftSinkSettings) {
        schema = settings.schema
        origins = TableOrigins(settings.state, sink: settings.name)
    }

    mutating func forget() {
        for table in tables.values { table.abandon() }
        tables = [:]
    }

    private func name(of stream: StreamDescriptor) -> RedshiftTable {
        RedshiftTable(schema: schema ?? stream.schemaName, name: stream.table)
    }

    /// What is known of the stream's mirror, in whatever shape.
    func known(_ stream: StreamDescriptor) -> RedshiftMirrorTable? { tables[name(of: stream)] }

    /// The table of a stream, made or altered to its shape. A failure in the result is of this table only: no statement can make it.
    mutating func table(
        for stream: StreamDescriptor, source: SourceIdentity, _ session: RedshiftSession
    ) throws(PostgresFailure) -> Result<RedshiftMirrorTable, PostgresFailure> {
        let table = name(of: stream)
        if let known = tables[table], known.descriptor === stream { return .success(known) }
        do throws(TableRefusal) {
            let quoted = [table.schema, table.name].map { NameRules.redshift.quoted($0) }.joined(separator: ".")
            try origins.claim(ExactText(quoted), as: "\(table)", for: stream, of: source)
        } catch {
            guard error.canBeMended else { return .failure(PostgresFailure(.data, error.description)) }
            throw PostgresFailure(.misconfigured, error.description)
        }
        if let known = tables[table], known.serves(stream) { return .success(known) }
        let changeColumns =
            stream.keyColumns.isEmpty ? NameRules.redshift.free(Self.changeColumns, beside: stream) : []
        do throws(TableRefusal) {
            try NameRules.redshift.check(stream, more: changeColumns.count)
        } catch {
            return .failure(PostgresFailure(.data, error.description))
        }
        let definition = TableDefinition(
            stream, RedshiftTypes.self, more: zip(changeColumns, Self.changeTypes).map { ($0, $1) })
        try follow(definition, table, session)
        let made = try look(at: table, for: stream, changeColumns, session)
        tables[table] = made
        return .success(made)
    }

    private func follow(
        _ definition: TableDefinition<RedshiftType>, _ table: RedshiftTable, _ session: RedshiftSession
    ) throws(PostgresFailure) {
        let present = try session.columns(of: table)
        let key = Set(definition.key.map { redshiftName(definition.columns[$0].name) })
        let steps: [TableStep]
        do throws(TableRefusal) {
            // Nothing makes keys unique here, so that a table has no other than the source says.
            steps = try definition.steps(
                from: present?.map { PresentColumn(name: $0.name, type: "\($0.type)", isKey: key.contains($0.name)) },
                .redshift, table: "\(table)", changesKeys: true
            ) { wanted, type in
                guard let there = present?.first(where: { "\($0.type)" == type })?.type else { return .fits }
                return wanted.fit(there)
            }
        } catch {
            throw PostgresFailure(.misconfigured, error.description)
        }
        for step in steps {
            switch step {
            case .create:
                try session.createSchemaIfMissing(table.schema)
                try session.define(Self.creation(definition, table))
            case .add(let index):
                let column = definition.columns[index]
                try session.define(
                    "ALTER TABLE \(table.sql) ADD COLUMN \(redshiftIdentifier(column.name)) \(column.type)")
            case .change(let index, let old):
                try change(definition, index, from: old, table, session)
            case .rekey: break
            }
        }
    }

    private static func creation(_ definition: TableDefinition<RedshiftType>, _ table: RedshiftTable) -> String {
        // Only the key is NOT NULL: a constraint that the source drops later must not hold the mirror up.
        let columns = definition.columns.indices.map {
            let column = definition.columns[$0]
            return "\(redshiftIdentifier(column.name)) \(column.type)\(definition.key.contains($0) ? " NOT NULL" : "")"
        }
        // Rows are looked for by the key; changes of a table without one come in the order of their positions.
        let order = definition.key.isEmpty ? Array(definition.columns.indices.suffix(2)) : definition.key
        let canSort = order.allSatisfy {
            if case .varbyte = definition.columns[$0].type.base { return false }
            return true
        }
        let names = order.map { redshiftIdentifier(definition.columns[$0].name) }
        var options = ""
        if canSort {
            if definition.key.count == 1 { options += " DISTKEY (\(names[0]))" }
            options += " SORTKEY (\(names.joined(separator: ", ")))"
        }
        return "CREATE TABLE IF NOT EXISTS \(table.sql) (\(columns.joined(separator: ", ")))\(options)"
    }

    /// Gives a column another type: a longer text at once, any other by a column that takes its place, in one transaction.
    private func change(
        _ definition: TableDefinition<RedshiftType>, _ index: Int, from old: String, _ table: RedshiftTable,
        _ session: RedshiftSession
    ) throws(PostgresFailure) {
        let column = definition.columns[index]
        let name = redshiftIdentifier(column.name)
        if case .varchar = column.type.base, old.hasPrefix("VARCHAR") {
            return try session.define("ALTER TABLE \(table.sql) ALTER COLUMN \(name) TYPE \(column.type)")
        }
        guard !definition.key.contains(index) else {
            throw PostgresFailure(
                .misconfigured,
                "key column \(column.name) of the mirror \(table) has the type \(old), and its source \(column.type) by now: drop the table, then take a fresh snapshot"
            )
        }
        let new = redshiftIdentifier("_buz_new_\(column.name)")
        try session.define("BEGIN")
        do throws(PostgresFailure) {
            try session.define("ALTER TABLE \(table.sql) ADD COLUMN \(new) \(column.type)")
            try session.define("UPDATE \(table.sql) SET \(new) = CAST(\(name) AS \(column.type))")
            try session.define("ALTER TABLE \(table.sql) DROP COLUMN \(name)")
            try session.define("ALTER TABLE \(table.sql) RENAME COLUMN \(new) TO \(name)")
            try session.define("COMMIT")
        } catch {
            if session.isUsable { try session.run("ROLLBACK") }
            throw error
        }
    }

    /// Reads the columns as they are now, in the order of the source's.
    private func look(
        at table: RedshiftTable, for stream: StreamDescriptor, _ changeColumns: [String], _ session: RedshiftSession
    ) throws(PostgresFailure) -> RedshiftMirrorTable {
        let present = try session.columns(of: table) ?? []
        let found = Dictionary(
            present.map { (ExactText($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var columns: [RedshiftMirrorTable.Column] = []
        for column in stream.columns {
            guard let there = found[ExactText(redshiftName(column.name))] else {
                throw PostgresFailure(.catalogChanged, "\(table) lost column \(column.name) while it was looked at")
            }
            columns.append(
                .init(sql: redshiftIdentifier(column.name), type: there.type, isNullable: there.isNullable))
        }
        return RedshiftMirrorTable(
            table, stream, columns, changeColumns: changeColumns, escapesBackslash: session.escapesBackslash)
    }
}
