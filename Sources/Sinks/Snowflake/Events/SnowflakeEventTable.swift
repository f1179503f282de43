import CoreIngest

/// A table of events, one row per event: what is asked for most as columns, and the event itself as a VARIANT.
struct SnowflakeEventTable {
    let table: SnowflakeTable
    let format: EventFormat

    private static let columns = [
        ("UUID", "VARCHAR(36) NOT NULL"), ("RECEIVED_AT", "TIMESTAMP_TZ(6)"), ("EVENT_SCHEMA", "VARCHAR"),
        ("IS_VALID", "BOOLEAN"), ("OP", "VARCHAR(1)"), ("TABLE_NAME", "VARCHAR"), ("COMMIT_LSN", "VARCHAR(20)"),
        ("ORDINAL", "NUMBER(20,0)"), ("EVENT", "VARIANT"),
    ]

    /// Makes the table where it is missing.
    func prepare(_ statements: SnowflakeStatements) throws(SnowflakeFailure) {
        let list = Self.columns.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        try statements.prepare(table, columns: list)
    }

    /// Appends an event's row as a line of JSON. `line`: the event in ``format``.
    func write(_ record: EventRecord, of batch: EventBatch, _ line: UnsafeRawBufferPointer, to rows: inout ByteArena) {
        let stream = batch.stream(of: record)
        rows.append("{\"UUID\":\"")
        rows.append(uuidHigh: record.uuidHigh, low: record.uuidLow)
        rows.append("\",\"RECEIVED_AT\":\"")
        rows.append(timestamp: batch.receivedAt)
        rows.append("\",\"EVENT_SCHEMA\":")
        rows.appendJSONString(text: stream.schema.description)
        if record.isInvalid {
            rows.append(",\"IS_VALID\":false,\"OP\":")
        } else {
            rows.append(",\"IS_VALID\":true,\"OP\":")
        }
        if record.operation == .none {
            rows.append("null")
        } else {
            rows.append(UInt8(ascii: "\""))
            rows.append(record.operation.rawValue)
            rows.append(UInt8(ascii: "\""))
        }
        rows.append(",\"TABLE_NAME\":")
        if stream.table.isEmpty { rows.append("null") } else { rows.appendJSONString(text: stream.qualifiedName) }
        rows.append(",\"COMMIT_LSN\":")
        if stream.protocol == "cdc" {
            rows.append(text: "\"\(LogSequenceNumber(record.position.eventCommit))\"")
        } else {
            rows.append("null")
        }
        rows.append(",\"ORDINAL\":")
        rows.append(decimal: record.position.number)
        rows.append(",\"EVENT\":")
        rows.append(line)
        rows.append("}\n")
    }

    /// Of some events, those whose rows are not in the table.
    func missing(of ids: [String], _ statements: SnowflakeStatements) throws(SnowflakeFailure) -> Set<String> {
        var missing = Set(ids)
        var rest = ids[...]
        while !rest.isEmpty {
            let list = rest.prefix(1000).map(snowflakeLiteral).joined(separator: ",")
            rest = rest.dropFirst(1000)
            let found = try statements.run(
                "SELECT UUID FROM \(table.sql) WHERE UUID IN (\(list))", usesWarehouse: true)
            for row in found.rows { if let id = row.first.flatMap({ $0 }) { missing.remove(id) } }
        }
        return missing
    }

    /// Puts one row in by SQL, unless the event is there: for dead letters that are written again.
    func insert(_ row: UnsafeRawBufferPointer, id: String, _ statements: SnowflakeStatements) throws(SnowflakeFailure) {
        let names = Self.columns.map(\.0)
        let values = names.map { name in
            switch name {
            case "EVENT": "r:\(name)"
            case "RECEIVED_AT": "r:\(name)::VARCHAR::TIMESTAMP_TZ"
            case "IS_VALID": "r:\(name)::BOOLEAN"
            case "ORDINAL": "r:\(name)::NUMBER(20,0)"
            default: "r:\(name)::VARCHAR"
            }
        }
        try statements.run(
            """
            INSERT INTO \(table.sql) (\(names.joined(separator: ", ")))
            SELECT \(values.joined(separator: ", ")) FROM (SELECT PARSE_JSON(?) AS r)
            WHERE NOT EXISTS (SELECT 1 FROM \(table.sql) WHERE UUID = \(snowflakeLiteral(id)))
            """, bindings: [String(decoding: row, as: UTF8.self)], usesWarehouse: true)
    }
}

extension SnowflakeStatements {
    /// Makes a table where it is missing: looked for first, as a role that may write may not have the privilege to make one.
    func prepare(_ table: SnowflakeTable, columns: String) throws(SnowflakeFailure) {
        do throws(SnowflakeFailure) {
            try run("DESCRIBE TABLE \(table.sql)")
        } catch {
            guard error.kind == .absent else { throw error }
            try run("CREATE TABLE IF NOT EXISTS \(table.sql) (\(columns))")
        }
    }
}
