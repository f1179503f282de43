import CoreIngest

/// Empties a mirror. BigQuery refuses TRUNCATE and DELETE on rows that were streamed within the last half hour, so each key that is there
/// gets a row that removes it, at the place of the truncation.
struct MirrorEmptying {
    let api: BigQueryAPI
    let appender: StorageAppender
    let settings: BigQuerySinkSettings

    /// Keys that are removed together.
    private static let mostRows = 50_000

    func empty(_ table: BigQueryMirrorTable, _ position: Position, epoch: Int64) throws(BigQueryFailure) {
        // A query may not see the latest rows while it is allowed to see old ones.
        if table.isStale { try api.patch(table.name, "\"maxStaleness\":\"\(Staleness.none)\"", etag: nil) }
        let columns = table.keyNames.map { "`\($0)`" }.joined(separator: ", ")
        var rows = RemovedRows(table: table, position: position, epoch: epoch)
        try api.query(
            "SELECT \(columns) FROM \(settings.quoted(table.name))", failure: { $0 }
        ) { cells throws(BigQueryFailure) in
            rows.add(cells)
            if rows.count >= Self.mostRows { try rows.send(by: appender, settings) }
        }
        try rows.send(by: appender, settings)
        if table.isStale {
            try api.patch(
                table.name, "\"maxStaleness\":\"\(Staleness.text(settings.maxStaleness))\"", etag: nil)
        }
    }
}

/// Rows that remove keys, until they are sent.
private struct RemovedRows: ~Copyable {
    let table: BigQueryMirrorTable
    let position: Position
    let epoch: Int64
    private var rows = EncodedRows()

    init(table: BigQueryMirrorTable, position: Position, epoch: Int64) {
        self.table = table
        self.position = position
        self.epoch = epoch
    }

    var count: Int { rows.count }

    mutating func add(_ cells: [String?]) {
        rows.append(EventReference(slice: 0, record: 0)) { out in
            table.encodeKey(cells, into: &out)
            table.encodeChange(true, position, epoch: epoch, into: &out)
        }
    }

    mutating func send(by appender: StorageAppender, _ settings: BigQuerySinkSettings) throws(BigQueryFailure) {
        if rows.count == 0 { return }
        let result = appender.append(
            rows, table.descriptor, to: StorageWriteClient.defaultStream(settings.path(of: table.name)))
        if let failure = result.failure ?? result.refused.first?.failure { throw failure.afterChange }
        rows = EncodedRows()
    }
}
