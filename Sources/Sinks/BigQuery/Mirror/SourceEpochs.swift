import CoreIngest

/// Numbers for the histories of sources, in the order in which this sink met them. Positions of two histories cannot be compared, and a
/// change of a later history must count more: its number stands before the position in each change. Kept in a table of the dataset.
final class SourceEpochs {
    private let api: BigQueryAPI
    private let settings: BigQuerySinkSettings
    private let appender: StorageAppender
    private var known: [String: Int64]?

    private static let fields = [
        RowDescriptor.Field(name: "sink", wire: .string), RowDescriptor.Field(name: "source", wire: .string),
        RowDescriptor.Field(name: "epoch", wire: .int64),
    ]

    init(_ api: BigQueryAPI, _ settings: BigQuerySinkSettings, _ appender: StorageAppender) {
        self.api = api
        self.settings = settings
        self.appender = appender
    }

    func forget() { known = nil }

    /// The number of a history; a new one is stored before it is used.
    func epoch(of source: SourceIdentity) throws(BigQueryFailure) -> Int64 {
        if known == nil { known = try load() }
        let all = known ?? [:]
        let name = source.description
        if let epoch = all[name] { return epoch }
        let epoch = (all.values.max() ?? 0) + 1
        var rows = EncodedRows()
        rows.append(EventReference(slice: 0, record: 0)) { row in
            row.append(field: 1, text: settings.name)
            row.append(field: 2, text: name)
            row.append(field: 3, integer: epoch)
        }
        let table = BigQuerySinkSettings.sourcesTable
        let result = appender.append(
            rows, RowDescriptor(fields: Self.fields).serialized(),
            to: StorageWriteClient.defaultStream(settings.path(of: table)))
        if let failure = result.failure ?? result.refused.first?.failure { throw failure.afterChange }
        known?[name] = epoch
        return epoch
    }

    private func load() throws(BigQueryFailure) -> [String: Int64] {
        let table = BigQuerySinkSettings.sourcesTable
        if try api.table(table) == nil {
            let fields = Self.fields.map { BigQueryTable.field($0.name, $0.wire == .int64 ? "INT64" : "STRING") }
            _ = try api.create(table, fields: fields, more: [])
            return [:]
        }
        var found: [String: Int64] = [:]
        try api.query(
            "SELECT source, epoch FROM \(settings.quoted(table)) WHERE sink = @sink", [("sink", settings.name)],
            failure: { $0 }
        ) { row throws(BigQueryFailure) in
            guard row.count == 2, let source = row[0], let epoch = row[1].flatMap({ Int64($0) }) else { return }
            // Stored twice after a lost answer: the highest counts, as changes may have gone with it.
            found[source] = max(found[source] ?? 0, epoch)
        }
        return found
    }
}

extension BigQueryFailure {
    /// The same for a table that this sink made or changed and knows to be there: it is not known everywhere yet.
    var afterChange: BigQueryFailure {
        var failure = self
        if kind == .notFound { failure.kind = .schemaLag }
        return failure
    }
}
