import CoreIngest

/// Appends events to one table, one row per event, created when it is missing.
///
/// The envelope is a text of at most 65,535 bytes, digits and order of members included. A table that was made beforehand may have
/// `SUPER` there.
final class RedshiftEventTable {
    let table: RedshiftTable
    private let format: EventFormat
    private let renderer: EventRenderer
    private let isReplay: Bool
    /// As the table has it; nil until it was looked at.
    private var envelope: RedshiftType?

    private static let columns: [(name: String, type: RedshiftType)] = [
        ("\"uuid\"", RedshiftType(.char(36))), ("\"received_at\"", RedshiftType(.timestampWithZone)),
        ("\"schema\"", RedshiftType(.varchar(1024))), ("\"is_valid\"", RedshiftType(.boolean)),
        ("\"op\"", RedshiftType(.char(1))), ("\"table_name\"", RedshiftType(.varchar(1024))),
        ("\"commit_lsn\"", RedshiftType(.decimal(precision: 20, scale: 0))),
        ("\"ordinal\"", RedshiftType(.decimal(precision: 20, scale: 0))),
    ]
    private static let optional: Set<String> = ["\"op\"", "\"table_name\"", "\"commit_lsn\""]

    init(_ name: String, _ settings: RedshiftSinkSettings, format: EventFormat, renderer: EventRenderer) {
        table = RedshiftTable(schema: settings.schema ?? "public", name: name)
        self.format = format
        self.renderer = renderer
        isReplay = settings.isReplay
    }

    /// Looks at the table again before the next use.
    func forget() { envelope = nil }

    /// Makes the table where it is missing, outside of a transaction.
    func prepare(_ session: RedshiftSession) throws(PostgresFailure) {
        guard envelope == nil else { return }
        var present = try session.columns(of: table)
        if present == nil {
            try session.createSchemaIfMissing(table.schema)
            let columns = Self.columns.map {
                "\($0.name) \($0.type)\(Self.optional.contains($0.name) ? "" : " NOT NULL")"
            }
            try session.define(
                """
                CREATE TABLE IF NOT EXISTS \(table.sql) (\(columns.joined(separator: ", ")),
                "envelope" VARCHAR(\(RedshiftType.mostText)) NOT NULL) SORTKEY ("received_at")
                """)
            present = try session.columns(of: table)
        }
        guard let type = present?.first(where: { $0.name == "envelope" })?.type else {
            throw PostgresFailure(
                .misconfigured, "the table \(table) has no column envelope: rename it, or choose another name")
        }
        envelope = type
    }

    /// Puts the events into a stage, in their order. Answers the statement that appends them to the table.
    func stage(
        _ events: [EventReference], of slices: [BatchSlice], by loader: RowLoader<RedshiftSession>,
        refuse: (EventReference, PostgresFailure) -> Void
    ) throws(PostgresFailure) -> String? {
        guard !events.isEmpty else { return nil }
        let session = loader.connection
        try prepare(session)
        let envelope = envelope ?? RedshiftType(.varchar(RedshiftType.mostText))
        var block = RowBlock.listed()
        // A batch keeps its rendering only as long as somebody holds it, and the lines lie in it.
        let renderings = slices.map { $0.batch.rendered(as: format, by: renderer) }
        for (index, event) in events.enumerated() {
            let line = renderings[Int(event.slice)].line(Int(event.record))
            guard line.count <= envelope.mostStaged else {
                refuse(
                    event,
                    PostgresFailure(
                        .data, "the event has \(line.count) bytes, and a text of Redshift \(envelope.mostStaged)",
                        sqlState: "54000"))
                continue
            }
            write(event, line, of: slices, into: &block.lines, escapesBackslash: session.escapesBackslash)
            block.endLine(owner: Int32(index))
        }
        withExtendedLifetime(renderings) {}
        guard block.count > 0 else { return nil }
        let columns = Self.columns + [("\"envelope\"", envelope)]
        let stage = try session.stages.take(columns.map { ($0.name, $0.type.staged) }, session)
        try loader.load(block.count) { rows throws(PostgresFailure) in
            try session.fill(stage, rows, of: block, isCareful: loader.isCareful)
        } refuse: { row, failure throws(PostgresFailure) in
            refuse(events[Int(block.owner(row))], failure)
        }
        let names = columns.map(\.name).joined(separator: ", ")
        let values = columns.map { $0.type.value(ofStaged: "\(stage).\($0.name)") }.joined(separator: ", ")
        let head = "INSERT INTO \(table.sql) (\(names)) SELECT \(values) FROM \(stage)"
        // What comes again lies before the positions only in a replay.
        guard isReplay else { return head }
        return head
            + " LEFT JOIN \(table.sql) ON \(table.alias).\"uuid\" = \(stage).\"uuid\" WHERE \(table.alias).\"uuid\" IS NULL"
    }

    private func write(
        _ event: EventReference, _ envelope: UnsafeRawBufferPointer, of slices: [BatchSlice],
        into line: inout ByteArena, escapesBackslash: Bool
    ) {
        let batch = event.batch(in: slices)
        let record = event.record(in: slices)
        let stream = batch.stream(of: record)
        line.append("('")
        line.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        line.append("','")
        line.append(timestamp: batch.receivedAt)
        line.append("',")
        line.append(redshiftText: stream.schema.description, escapesBackslash: escapesBackslash)
        line.append(record.isInvalid ? ",FALSE," : ",TRUE,")
        if record.operation == .none {
            line.append("NULL,")
        } else {
            line.append(UInt8(ascii: "'"))
            line.append(record.operation.rawValue)
            line.append("',")
        }
        if stream.table.isEmpty {
            line.append("NULL")
        } else {
            line.append(redshiftText: stream.qualifiedName, escapesBackslash: escapesBackslash)
        }
        line.append(UInt8(ascii: ","))
        if stream.protocol == "cdc" { line.append(decimal: record.position.eventCommit) } else { line.append("NULL") }
        line.append(UInt8(ascii: ","))
        line.append(decimal: record.position.number)
        line.append(UInt8(ascii: ","))
        line.append(redshiftText: envelope, escapesBackslash: escapesBackslash)
        line.append(UInt8(ascii: ")"))
    }
}

extension RedshiftType {
    /// Bytes of the longest text that waits in a stage for a column of the type.
    fileprivate var mostStaged: Int {
        if case .varchar(let most) = staged.base { return most }
        return Self.mostText
    }
}
