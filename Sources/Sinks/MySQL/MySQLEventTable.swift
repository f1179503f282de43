import CoreIngest

/// Appends events to one table, one row per event, created when it is missing.
///
/// The envelope is a text: the type `JSON` of MySQL would change digits and the order of members. A table that was made beforehand may
/// have `JSON` there.
struct MySQLEventTable {
    let name: String
    let format: EventFormat
    let renderer: EventRenderer

    private static let columns = "uuid, received_at, `schema`, is_valid, op, table_name, commit_lsn, ordinal, envelope"

    /// Outside of a transaction.
    func prepare(_ connection: MySQLConnection) throws(MySQLFailure) {
        guard try !connection.hasTable(name) else { return }
        try connection.define(
            """
            CREATE TABLE IF NOT EXISTS \(mysqlIdentifier(name)) (
              uuid CHAR(36) NOT NULL PRIMARY KEY, received_at DATETIME(6) NOT NULL, `schema` VARCHAR(500) NOT NULL,
              is_valid BOOLEAN NOT NULL, op CHAR(1), table_name VARCHAR(300), commit_lsn BIGINT UNSIGNED,
              ordinal BIGINT UNSIGNED NOT NULL, envelope LONGTEXT NOT NULL) \(connection.server.tableOptions)
            """)
    }

    /// Appends the events in their order; those whose `uuid` is there are left out.
    func append(
        _ events: [EventReference], of slices: [BatchSlice], by loader: RowLoader<MySQLConnection>,
        refuse: (EventReference, MySQLFailure) -> Void
    ) throws(MySQLFailure) {
        if events.isEmpty { return }
        var block = RowBlock.listed()
        // A batch keeps its rendering only as long as somebody holds it, and the lines lie in it.
        let renderings = slices.map { $0.batch.rendered(as: format, by: renderer) }
        var scratch = ByteArena(capacity: 64)
        for (index, event) in events.enumerated() {
            let line = renderings[Int(event.slice)].line(Int(event.record))
            write(event, line, of: slices, into: &block.lines, scratch: &scratch)
            block.endLine(owner: Int32(index))
        }
        withExtendedLifetime(renderings) {}
        let statement = (
            head: "INSERT INTO \(mysqlIdentifier(name)) (\(Self.columns)) VALUES ",
            tail: " ON DUPLICATE KEY UPDATE uuid = VALUES(uuid)"
        )
        try loader.load(block.count) { rows throws(MySQLFailure) in
            try loader.connection.run(statement, rows, of: block)
        } refuse: { row, failure throws(MySQLFailure) in
            refuse(events[Int(block.owner(row))], failure)
        }
    }

    private func write(
        _ event: EventReference, _ envelope: UnsafeRawBufferPointer, of slices: [BatchSlice],
        into line: inout ByteArena, scratch: inout ByteArena
    ) {
        let batch = event.batch(in: slices)
        let record = event.record(in: slices)
        let stream = batch.stream(of: record)
        line.append("('")
        line.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        line.append("','")
        // 2026-01-02T03:04:05.123456Z
        scratch.truncate(to: 0)
        scratch.append(timestamp: batch.receivedAt)
        line.append(UnsafeRawBufferPointer(rebasing: scratch.bytes.prefix(10)))
        line.append(UInt8(ascii: " "))
        line.append(UnsafeRawBufferPointer(rebasing: scratch.bytes.dropFirst(11).dropLast()))
        line.append("',")
        line.append(mysqlText: stream.schema.description)
        line.append(record.isInvalid ? ",FALSE," : ",TRUE,")
        if record.operation == .none {
            line.append("NULL,")
        } else {
            line.append(UInt8(ascii: "'"))
            line.append(record.operation.rawValue)
            line.append("',")
        }
        if stream.table.isEmpty { line.append("NULL") } else { line.append(mysqlText: stream.qualifiedName) }
        line.append(UInt8(ascii: ","))
        if stream.protocol == "cdc" { line.append(decimal: record.position.eventCommit) } else { line.append("NULL") }
        line.append(UInt8(ascii: ","))
        line.append(decimal: record.position.number)
        line.append(UInt8(ascii: ","))
        line.append(mysqlText: envelope)
        line.append(UInt8(ascii: ")"))
    }
}

extension ByteArena {
    fileprivate mutating func append(mysqlText text: String) {
        var text = text
        text.withUTF8 { append(mysqlText: UnsafeRawBufferPointer($0)) }
    }
}
