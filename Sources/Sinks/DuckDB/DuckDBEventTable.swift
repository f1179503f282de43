import CoreIngest

/// Appends events to one table, one row per event, made when it is missing.
final class DuckDBEventTable {
    private let table: String
    private let format: EventFormat
    private let renderer: EventRenderer
    /// Events may be there: those that are, are left out. Otherwise the position tells, and the table need not be looked through.
    private let isReplay: Bool
    private(set) var isMade = false
    private var text = ByteArena(capacity: 64)
    /// What the rows of one stream have in common.
    private var latest: (stream: StreamDescriptor, schema: String, name: String)?
    /// The events of the write under way.
    var pending: [EventReference] = []

    private static let columns = [
        ("uuid", "UUID NOT NULL"), ("received_at", "TIMESTAMPTZ NOT NULL"), ("schema", "VARCHAR NOT NULL"),
        ("is_valid", "BOOLEAN NOT NULL"), ("op", "VARCHAR"), ("table_name", "VARCHAR"), ("commit_lsn", "VARCHAR"),
        ("ordinal", "BIGINT NOT NULL"), ("envelope", "VARCHAR NOT NULL"),
    ]

    init(_ name: String, format: EventFormat, renderer: EventRenderer, isReplay: Bool) {
        table = "main.\(duckDBIdentifier(name))"
        self.format = format
        self.renderer = renderer
        self.isReplay = isReplay
    }

    /// Makes the table. Not within a transaction that goes on.
    func make(_ connection: DuckDBConnection) throws(DuckDBFailure) {
        if isMade { return }
        let columns = Self.columns.map { "\(duckDBIdentifier($0)) \($1)" }.joined(separator: ", ")
        try connection.execute("CREATE TABLE IF NOT EXISTS \(table) (\(columns))")
        isMade = true
    }

    /// What was made may be gone.
    func forget() {
        isMade = false
        pending = []
    }

    /// Stores what is pending.
    func store(_ slices: [BatchSlice], _ connection: DuckDBConnection) throws(DuckDBFailure) {
        guard !pending.isEmpty else { return }
        let stage = "temp.main.\(DuckDBTable.stage)"
        let staged = Self.columns.map { "\(duckDBIdentifier($0.0)) VARCHAR" }.joined(separator: ", ")
        try connection.execute("CREATE TEMPORARY TABLE \(DuckDBTable.stage) (\(staged))")
        try connection.append(to: DuckDBTable.stage) { appender throws(DuckDBFailure) in
            var rendered: RenderedBatch?
            var slice: Int32 = -1
            for event in pending {
                if event.slice != slice {
                    rendered = event.batch(in: slices).rendered(as: format, by: renderer)
                    slice = event.slice
                }
                guard let rendered else { continue }
                try append(event, of: slices, rendered, to: appender)
            }
        }
        pending = []
        let values = Self.columns.map { name, type in
            let type = type.prefix { $0 != " " }
            return type == "VARCHAR" ? "s.\(duckDBIdentifier(name))" : "CAST(s.\(duckDBIdentifier(name)) AS \(type))"
        }
        let new = isReplay ? " WHERE CAST(s.uuid AS UUID) NOT IN (SELECT uuid FROM \(table))" : ""
        try connection.execute(
            "INSERT INTO \(table) SELECT \(values.joined(separator: ", ")) FROM \(stage) s\(new)")
        try connection.execute("DROP TABLE \(stage)")
    }

    private func append(
        _ event: EventReference, of slices: [BatchSlice], _ rendered: RenderedBatch,
        to appender: borrowing DuckDBAppender
    ) throws(DuckDBFailure) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        text.truncate(to: 0)
        text.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        appender.append(text.bytes)
        text.truncate(to: 0)
        text.append(timestamp: batch.receivedAt)
        appender.append(text.bytes)
        if latest?.stream !== stream { latest = (stream, stream.schema.description, stream.qualifiedName) }
        if let latest { appender.append(text: latest.schema) }
        appender.append(text: record.isInvalid ? "false" : "true")
        text.truncate(to: 0)
        text.append(record.operation.rawValue)
        appender.append(record.operation == .none ? nil : text.bytes)
        if let latest, !stream.table.isEmpty { appender.append(text: latest.name) } else { appender.append(nil) }
        text.truncate(to: 0)
        text.append(LogSequenceNumber(record.position.eventCommit))
        appender.append(stream.protocol == "cdc" ? text.bytes : nil)
        text.truncate(to: 0)
        text.append(decimal: record.position.number)
        appender.append(text.bytes)
        appender.append(rendered.line(Int(event.record)))
        try appender.endRow()
    }
}
