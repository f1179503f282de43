import CoreIngest

/// One table of events: made when it is missing, and given the columns that it lacks.
final class BigQueryEventTable {
    let name: String
    private let api: BigQueryAPI
    private let settings: BigQuerySinkSettings
    private var isReady = false

    init(_ name: String, _ api: BigQueryAPI, _ settings: BigQuerySinkSettings) {
        self.name = name
        self.api = api
        self.settings = settings
    }

    /// Looks at the table anew at the next ``prepare()``.
    func forget() { isReady = false }

    func prepare() throws(BigQueryFailure) {
        if isReady { return }
        let fields = EventTableColumns.all.map { BigQueryTable.field($0.name, $0.type) }
        if let table = try api.table(name) {
            try complete(table)
        } else if try !api.create(name, fields: fields, more: layout), let table = try api.table(name) {
            try complete(table)
        }
        isReady = true
    }

    /// Partitions and clustering.
    private var layout: [String] {
        var more: [String] = []
        if settings.partition != .none {
            let expiration = settings.partitionExpiration.map {
                ",\"expirationMs\":\"\($0.components.seconds * 1000)\""
            }
            more.append(
                "\"timePartitioning\":{\"type\":\"\(settings.partition.rawValue.uppercased())\",\"field\":\"received_at\"\(expiration ?? "")}"
            )
        }
        if !settings.clusterBy.isEmpty {
            let columns = settings.clusterBy.map { BigQueryAPI.json($0) }.joined(separator: ",")
            more.append("\"clustering\":{\"fields\":[\(columns)]}")
        }
        return more
    }

    private func complete(_ table: BigQueryTable) throws(BigQueryFailure) {
        var missing: [String] = []
        for column in EventTableColumns.all {
            guard let present = table.columns.first(where: { $0.name.lowercased() == column.name }) else {
                missing.append(BigQueryTable.field(column.name, column.type))
                continue
            }
            guard present.type == column.type, !present.isRepeated else {
                throw BigQueryFailure(
                    .misconfigured,
                    "column \(column.name) of the table \(name) has the type \(present.type) and must have \(column.type): name another table"
                )
            }
        }
        if !missing.isEmpty { try api.addColumns(missing, to: table, name) }
    }
}
