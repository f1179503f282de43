import CoreIngest

/// Appends events to one table, one row per event, created when it is missing.
///
/// The envelope is a text: `jsonb` would change digits and refuse `\u0000`. Nothing is unique in Materialize, so what is written twice is
/// there twice: only the sink's position keeps that from happening.
struct MaterializeEventTable {
    let name: MaterializeName
    let format: EventFormat
    let renderer: EventRenderer

    static let columns = "uuid, received_at, schema, is_valid, op, table_name, commit_lsn, ordinal, envelope"

    /// Outside of a transaction.
    func prepare(_ session: MaterializeSession) throws(PostgresFailure) {
        if let kind = try session.kind(of: name) {
            guard kind == "BASE TABLE" else {
                throw PostgresFailure(
                    .misconfigured, "\(name) exists and is not a table: rename it, or choose another name")
            }
            return
        }
        try session.makeSchema(name.schema)
        try session.define(
            """
            CREATE TABLE IF NOT EXISTS \(name.sql) (uuid uuid NOT NULL, received_at timestamp with time zone NOT NULL, \
            schema text NOT NULL, is_valid boolean NOT NULL, op text, table_name text, commit_lsn numeric, \
            ordinal numeric NOT NULL, envelope text NOT NULL)
            """)
    }

    /// The events' rows; owners are their numbers.
    func rows(_ events: [EventReference], of slices: [BatchSlice]) -> RowBlock {
        var block = RowBlock()
        // A batch keeps its rendering only as long as somebody holds it, and the lines lie in it.
        let renderings = slices.map { $0.batch.rendered(as: format, by: renderer) }
        for (index, event) in events.enumerated() {
            let line = renderings[Int(event.slice)].line(Int(event.record))
            write(event, line, of: slices, into: &block.lines)
            block.endLine(owner: Int32(index))
        }
        withExtendedLifetime(renderings) {}
        return block
    }

    private func write(
        _ event: EventReference, _ envelope: UnsafeRawBufferPointer, of slices: [BatchSlice],
        into line: inout ByteArena
    ) {
        let batch = event.batch(in: slices)
        let record = event.record(in: slices)
        let stream = batch.stream(of: record)
        let tab = UInt8(ascii: "\t")
        line.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
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
        if stream.protocol == "cdc" { line.append(decimal: record.position.eventCommit) } else { line.append("\\N") }
        line.append(tab)
        line.append(decimal: record.position.number)
        line.append(tab)
        line.appendCopyEscaped(envelope)
    }
}
