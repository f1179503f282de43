import CoreIngest

/// The mirror tables that this session has met. Makes them when they are missing and follows their sources' new columns.
struct ClickHouseMirrorCatalog {
    private let database: String
    private var tables: [ClickHouseTable: ClickHouseMirrorTable] = [:]
    private var origins: TableOrigins

    init(_ settings: ClickHouseSinkSettings) {
        database = settings.database
        origins = TableOrigins(settings.state, sink: settings.name)
    }

    mutating func forget() { tables = [:] }

    /// Columns of a mirror besides its source's: with a key the version and the mark of a removed row, else the change.
    static let versionColumns: [(name: String, type: ClickHouseType)] = [
        ("_buz_version", ClickHouseType(.unsigned(bits: 128))), ("_buz_deleted", ClickHouseType(.unsigned(bits: 8))),
    ]
    static let changeColumns: [(name: String, type: ClickHouseType)] = [
        ("_buz_op", ClickHouseType(.string)), ("_buz_commit_lsn", ClickHouseType(.unsigned(bits: 64))),
        ("_buz_ordinal", ClickHouseType(.unsigned(bits: 64))),
    ]

    /// The table of a stream, made or altered to its shape.
    mutating func table(
        for stream: StreamDescriptor, source: SourceIdentity, _ session: ClickHouseSession
    ) throws(ClickHouseFailure) -> Result<ClickHouseMirrorTable, TableRefusal> {
        let target = ClickHouseTable.mirror(database, schema: stream.schemaName, name: stream.table)
        if let known = tables[target], known.descriptor === stream { return .success(known) }
        do throws(TableRefusal) {
            try origins.claim(ExactText(target.name), as: target.name, for: stream, of: source)
        } catch {
            guard error.canBeMended else { return .failure(error) }
            throw ClickHouseFailure(.misconfigured, error.description)
        }
        if let known = tables[target], known.serves(stream) { return .success(known) }
        let besides = stream.keyColumns.isEmpty ? Self.changeColumns : Self.versionColumns
        let names = NameRules.clickHouse.free(besides.map(\.name), beside: stream)
        let definition = TableDefinition(
            stream, ClickHouseTypes.self, more: zip(names, besides).map { ($0, $1.type) })
        var present = try Self.columns(of: target, session)
        let steps: [TableStep]
        do throws(TableRefusal) {
            try NameRules.clickHouse.check(stream, more: besides.count)
            steps = try definition.steps(from: present.isEmpty ? nil : present, .clickHouse, table: target.name) {
                $0.fit($1)
            }
        } catch {
            guard error.canBeMended else { return .failure(error) }
            throw ClickHouseFailure(.misconfigured, error.description)
        }
        if steps.contains(.rekey) {
            throw ClickHouseFailure(
                .misconfigured,
                "the mirror \(target.name) is sorted by another key than its source has: drop the table, then take a fresh snapshot"
            )
        }
        for step in steps { try session.run(Self.statement(step, definition, target)) }
        if !steps.isEmpty { present = try Self.columns(of: target, session) }
        var columns: [(sql: String, type: ClickHouseType)] = []
        for column in stream.columns {
            guard let there = present.first(where: { $0.name == NameRules.clickHouse.mapped(column.name) }),
                let type = ClickHouseType(parsing: there.type)
            else {
                throw ClickHouseFailure(
                    .catalogChanged, "\(target.name) lost column \(column.name) while it was looked at")
            }
            columns.append((NameRules.clickHouse.quoted(column.name), type))
        }
        let made = ClickHouseMirrorTable(target, stream, columns, more: names.map(NameRules.clickHouse.quoted))
        tables[target] = made
        return .success(made)
    }

    static func columns(of table: ClickHouseTable, _ session: ClickHouseSession) throws(ClickHouseFailure)
        -> [PresentColumn]
    {
        try session.texts(
            """
            SELECT CAST(name, 'Nullable(String)'), CAST(type, 'Nullable(String)'), CAST(toString(is_in_sorting_key), 'Nullable(String)')
            FROM system.columns WHERE database = \(clickHouseLiteral(table.database)) AND table = \(clickHouseLiteral(table.name))
            """, columns: 3
        ).map { PresentColumn(name: $0[0] ?? "", type: $0[1] ?? "", isKey: $0[2] == "1") }
    }

    private static func statement(
        _ step: TableStep, _ definition: TableDefinition<ClickHouseType>, _ table: ClickHouseTable
    ) -> String {
        func column(_ index: Int) -> String {
            "\(NameRules.clickHouse.quoted(definition.columns[index].name)) \(definition.columns[index].type)"
        }
        switch step {
        case .add(let index): return "ALTER TABLE \(table.sql) ADD COLUMN IF NOT EXISTS \(column(index))"
        case .change(let index, _): return "ALTER TABLE \(table.sql) MODIFY COLUMN \(column(index))"
        case .create, .rekey:
            let columns = definition.columns.indices.map(column).joined(separator: ", ")
            let besides = definition.columns.suffix(definition.key.isEmpty ? 3 : 2).map {
                NameRules.clickHouse.quoted($0.name)
            }
            let key = definition.key.map { NameRules.clickHouse.quoted(definition.columns[$0].name) }
            // A change of a table without a key that comes again takes its own place.
            let engine =
                key.isEmpty
                ? "ReplacingMergeTree ORDER BY (\(besides[1]), \(besides[2]))"
                : "ReplacingMergeTree(\(besides.joined(separator: ", "))) ORDER BY (\(key.joined(separator: ", ")))"
            return "CREATE TABLE IF NOT EXISTS \(table.sql) (\(columns)) ENGINE = \(engine)"
        }
    }
}
