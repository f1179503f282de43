import CoreIngest

/// The mirror tables of a dataset: made when they are missing, and changed with their sources.
final class BigQueryMirrorCatalog {
    private let api: BigQueryAPI
    private let settings: BigQuerySinkSettings
    private var tables: [String: BigQueryMirrorTable] = [:]
    private var origins: TableOrigins

    /// BigQuery's own bounds.
    private static let mostKeyColumns = 16
    private static let mostClustered = 4

    init(_ api: BigQueryAPI, _ settings: BigQuerySinkSettings) {
        self.api = api
        self.settings = settings
        origins = TableOrigins(settings.state, sink: settings.name)
    }

    /// Looks at all tables anew.
    func forget() { tables = [:] }

    /// The table of a stream, made or altered to its shape.
    func table(for stream: StreamDescriptor, source: SourceIdentity) throws(BigQueryFailure) -> BigQueryMirrorTable {
        let name = settings.mirror(schema: stream.schemaName, table: stream.table)
        if let known = tables[name], known.stream === stream { return known }
        do throws(TableRefusal) { try origins.claim(ExactText(name), as: name, for: stream, of: source) } catch {
            throw BigQueryFailure(error.canBeMended ? .misconfigured : .invalid, error.description)
        }
        if let known = tables[name], known.serves(stream) { return known }
        let names = NameRules.bigQueryColumns
        let more =
            stream.keyColumns.isEmpty ? names.free(["_buz_op", "_buz_commit_lsn", "_buz_ordinal"], beside: stream) : []
        let definition = TableDefinition(
            stream, BigQueryTypes.self, more: Array(zip(more, [.string, .string, .int64]).map { ($0, $1) }))
        let present = try api.table(name)
        let steps: [TableStep]
        do throws(TableRefusal) {
            try names.check(stream, more: more.count)
            if stream.keyColumns.count > Self.mostKeyColumns {
                throw TableRefusal(
                    "\(stream.qualifiedName) has a key of \(stream.keyColumns.count) columns, more than BigQuery's \(Self.mostKeyColumns)"
                )
            }
            steps = try definition.steps(from: present?.presentColumns, names, table: name) { $0.fit($1) }
            if steps.contains(.rekey) {
                throw TableRefusal(
                    "the mirror \(name) has another key than its source: drop the table, then take a fresh snapshot")
            }
        } catch {
            throw BigQueryFailure(error.canBeMended ? .misconfigured : .invalid, error.description)
        }
        do throws(BigQueryFailure) { try carryOut(steps, definition, on: name, present) } catch {
            // What is wrong is no row: all of them wait until somebody has mended it.
            guard error.kind == .invalid else { throw error }
            throw BigQueryFailure(
                .misconfigured,
                "BigQuery does not give the mirror \(name) the shape of its source (\(error.message)): "
                    + "alter it, or drop the table and then take a fresh snapshot")
        }
        let table = BigQueryMirrorTable(
            name, stream, definition, isNew: present == nil, isStale: settings.maxStaleness > .zero)
        tables[name] = table
        return table
    }

    private func carryOut(
        _ steps: [TableStep], _ definition: TableDefinition<BigQueryType>, on name: String, _ present: BigQueryTable?
    ) throws(BigQueryFailure) {
        func field(_ index: Int) -> String {
            let column = definition.columns[index]
            return BigQueryTable.field(NameRules.bigQueryColumns.mapped(column.name), column.type.rawValue)
        }
        var added: [String] = []
        for step in steps {
            switch step {
            case .create:
                let fields = definition.columns.indices.map(field)
                guard try api.create(name, fields: fields, more: layout(definition)) else {
                    throw BigQueryFailure(.unavailable, "the table \(name) was made by somebody else just now")
                }
            case .add(let index): added.append(field(index))
            case .change(let index, _):
                let column = definition.columns[index]
                try api.run(
                    "ALTER TABLE \(settings.quoted(name)) ALTER COLUMN \(NameRules.bigQueryColumns.quoted(column.name)) SET DATA TYPE \(column.type)"
                )
            case .rekey: break
            }
        }
        if !added.isEmpty, let present { try api.addColumns(added, to: present, name) }
        // Also what an emptying that was interrupted left behind.
        if let present, !definition.key.isEmpty, present.staleness ?? Staleness.none != staleness {
            try api.patch(name, "\"maxStaleness\":\"\(staleness)\"", etag: nil)
        }
    }

    private var staleness: String { Staleness.text(settings.maxStaleness) }

    private func layout(_ definition: TableDefinition<BigQueryType>) -> [String] {
        if definition.key.isEmpty { return [] }
        let key = definition.key.map {
            BigQueryAPI.json(NameRules.bigQueryColumns.mapped(definition.columns[$0].name))
        }
        var more = [
            "\"tableConstraints\":{\"primaryKey\":{\"columns\":[\(key.joined(separator: ","))]}}",
            "\"clustering\":{\"fields\":[\(key.prefix(Self.mostClustered).joined(separator: ","))]}",
        ]
        if settings.maxStaleness > .zero { more.append("\"maxStaleness\":\"\(staleness)\"") }
        return more
    }
}

/// How old data of a query may be, as the API writes an interval.
enum Staleness {
    static let none = "0-0 0 0:0:0"

    static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return "0-0 0 \(seconds / 3600):\(seconds / 60 % 60):\(seconds % 60)"
    }
}

extension BigQueryTable {
    var presentColumns: [PresentColumn] {
        columns.map { column in
            PresentColumn(
                name: column.name, type: column.isRepeated ? "ARRAY<\(column.type)>" : column.type,
                isKey: key.contains { $0.lowercased() == column.name.lowercased() })
        }
    }
}
