import CoreIngest

/// Appends events to one table, one row per event, made when it is missing.
final class SQLiteEventTable {
    private let insertion: PreparedStatement
    private let format: EventFormat
    private let renderer: EventRenderer
    private let database: SQLiteDatabase
    private var text = ByteArena(capacity: 64)

    init(
        _ name: String, in database: SQLiteDatabase, format: EventFormat, renderer: EventRenderer
    ) throws(StateError) {
        self.database = database
        self.format = format
        self.renderer = renderer
        let table = sqliteIdentifier(name)
        try database.execute(
            """
            CREATE TABLE IF NOT EXISTS \(table) (
              uuid TEXT PRIMARY KEY, received_at TEXT NOT NULL, schema TEXT NOT NULL, is_valid INTEGER NOT NULL, op TEXT,
              table_name TEXT, commit_lsn TEXT, ordinal INTEGER NOT NULL, envelope TEXT NOT NULL)
            """)
        insertion = try PreparedStatement(
            database,
            """
            INSERT OR IGNORE INTO \(table) (uuid, received_at, schema, is_valid, op, table_name, commit_lsn, ordinal, envelope)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
    }

    /// Appends an event; one whose `uuid` is there already is left out. `rendered`: of the event's batch in ``format``.
    func append(_ event: EventReference, of slices: [BatchSlice], _ rendered: RenderedBatch) throws(StateError) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        let envelope = rendered.line(Int(event.record))
        _ = try insertion.run(on: database) { row throws(StateError) in
            text.truncate(to: 0)
            text.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
            try row.bind(1, text: text.bytes)
            text.truncate(to: 0)
            text.append(timestamp: batch.receivedAt)
            try row.bind(2, text: text.bytes)
            try row.bind(3, stream.schema.description)
            try row.bind(4, record.isInvalid ? 0 : 1)
            if record.operation == .none {
                try row.bind(5, nil)
            } else {
                try row.bind(5, String(Unicode.Scalar(record.operation.rawValue)))
            }
            if stream.table.isEmpty { try row.bind(6, nil) } else { try row.bind(6, stream.qualifiedName) }
            if stream.protocol == "cdc" {
                try row.bind(7, LogSequenceNumber(record.position.eventCommit).description)
            } else {
                try row.bind(7, nil)
            }
            try row.bind(8, Int64(clamping: record.position.number))
            try row.bind(9, text: envelope)
        }
    }

    func rendering(of batch: EventBatch) -> RenderedBatch { batch.rendered(as: format, by: renderer) }
}
