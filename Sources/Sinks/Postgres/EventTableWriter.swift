import CoreIngest

/// Appends events to one table, one row per event, created when it is missing.
///
/// The envelope is of type `json`: the bytes stay as they are, digits and `\u0000` included, which `jsonb` would change or refuse.
/// A table that was made beforehand may have `jsonb` or `text` there.
struct EventTableWriter {
    let table: PostgresTable
    let format: EventFormat
    let renderer: EventRenderer

    private static let columns = "uuid, received_at, schema, is_valid, op, table_name, commit_lsn, ordinal, envelope"
    private static let stage = "buz_stage_events"

    func prepare(_ connection: PostgresConnection) throws(PostgresFailure) {
        guard try connection.relation(table) == nil else { return }
        try connection.createSchemaIfMissing(table.schema)
        try connection.define(
            """
            CREATE TABLE IF NOT EXISTS \(table.sql) (
              uuid uuid PRIMARY KEY, received_at timestamptz NOT NULL, schema text NOT NULL, is_valid boolean NOT NULL,
              op text, table_name text, commit_lsn pg_lsn, ordinal numeric(20), envelope json NOT NULL)
            """)
    }

    /// Appends the events in their order. The usual way is plain COPY; when a row is refused, or is there already, the loader
    /// goes carefully, and events whose `uuid` is there are left out: a replayed dead letter does no harm.
    func append(
        _ events: [EventReference], of slices: [BatchSlice], by loader: RowLoader<PostgresConnection>,
        refuse: (EventReference, PostgresFailure) -> Void
    ) throws(PostgresFailure) {
        if events.isEmpty { return }
        var block = RowBlock()
        // A batch keeps its rendering only as long as somebody holds it, and the lines lie in it.
        let renderings = slices.map { $0.batch.rendered(as: format, by: renderer) }
        for (index, event) in events.enumerated() {
            let line = renderings[Int(event.slice)].line(Int(event.record))
            write(event, line, of: slices, into: &block.lines)
            block.endLine(owner: Int32(index))
        }
        withExtendedLifetime(renderings) {}
        let connection = loader.connection
        if loader.isCareful {
            try connection.run(
                """
                CREATE TEMP TABLE \(Self.stage) ON COMMIT DROP AS SELECT \(Self.columns) FROM \(table.sql) WITH NO DATA
                """)
        }
        try loader.load(block.count) { rows throws(PostgresFailure) in
            let bytes = block.bytes(rows)
            guard loader.isCareful else {
                try connection.copy("COPY \(table.sql) (\(Self.columns)) FROM STDIN", into: table.name, bytes)
                return
            }
            try connection.copy(
                "DELETE FROM \(Self.stage); COPY \(Self.stage) (\(Self.columns)) FROM STDIN", into: Self.stage, bytes)
            try connection.run(
                """
                INSERT INTO \(table.sql) (\(Self.columns)) SELECT \(Self.columns) FROM \(Self.stage) ON CONFLICT DO NOTHING
                """)
        } refuse: { row, failure throws(PostgresFailure) in
            refuse(events[Int(block.owner(row))], failure)
        }
        if loader.isCareful { try connection.run("DROP TABLE \(Self.stage)") }
    }

    private func write(
        _ event: EventReference, _ envelope: UnsafeRawBufferPointer, of slices: [BatchSlice],
        into line: inout ByteArena
    ) {
        let batch = event.batch(in: slices)
        let record = event.record(in: slices)
        let stream = batch.stream(of: record)
        let tab = UInt8(ascii: "\t")
        line.append(hex: record.uuidHigh, digits: 16)
        line.append(hex: record.uuidLow, digits: 16)
        line.append(tab)
        line.append(timestamp: batch.receivedAt)
        line.append(tab)
        line.append(text: stream.schema.description)
        line.append(tab)
        line.append(UInt8(ascii: record.isInvalid ? "f" : "t"))
        line.append(tab)
        if record.operation == .none { line.append("\\N") } else { line.append(record.operation.rawValue) }
        line.append(tab)
        if stream.table.isEmpty {
            line.append("\\N")
        } else {
            var name = stream.qualifiedName
            name.withUTF8 { line.appendCopyEscaped(UnsafeRawBufferPointer($0)) }
        }
        line.append(tab)
        if stream.protocol == "cdc" {
            line.append(LogSequenceNumber(record.position.eventCommit))
        } else {
            line.append("\\N")
        }
        line.append(tab)
        line.append(decimal: record.position.number)
        line.append(tab)
        line.appendCopyEscaped(envelope)
    }
}
