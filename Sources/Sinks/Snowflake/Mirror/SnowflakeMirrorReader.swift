package import CoreIngest
package import HTTPClient

/// The mirrors of a `snowflake` sink, for a comparison with their sources. Statements run in the sink's warehouse.
package final class SnowflakeMirrorReader: MirrorReader {
    private let statements: SnowflakeStatements
    private let settings: SnowflakeSinkSettings
    private let staging: SnowflakeStaging

    package init(_ settings: SnowflakeSinkSettings, client: HTTPClient) {
        self.settings = settings
        let account = SnowflakeAccount(settings.account, client: client)
        statements = SnowflakeStatements(account, settings.session, usage: SnowflakeUsage(sink: settings.name))
        staging = SnowflakeStaging(schema: settings.session.schema, sink: settings.name)
    }

    private func target(_ table: ParityTable) -> SnowflakeTable {
        SnowflakeTable(
            schema: settings.session.schema, name: snowflakeTable(schema: table.schema, name: table.name))
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let target = target(table)
        let present = try asked { () throws(SnowflakeFailure) in try SnowflakeCatalog.columns(of: target, statements) }
        return ParityScope.of(table, mirror: "\(target)", present ?? [], .snowflake, SnowflakeTypes.self)
    }

    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? {
        SnowflakeTypes.rule(for: column, inKey: false).bounds
    }

    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let first = table.columns[table.keyColumns[0]]
        let key = snowflakeIdentifier(snowflakeName(first.name))
        let type = SnowflakeTypes.rule(for: first, inKey: true).type
        var conditions: [String] = []
        switch selection {
        case .range(let range):
            if let after = range.after { conditions.append("\(key) > \(snowflakeLiteral(after))::\(type)") }
            if let upTo = range.upTo { conditions.append("\(key) <= \(snowflakeLiteral(upTo))::\(type)") }
        case .keys(let keys):
            // Of other kinds the canonical text is not what is stored: then all rows are looked through.
            if orders(table) || type == .varchar, !isReshaped(first.kind) {
                let list = keys.map { "\(snowflakeLiteral($0.values.first ?? ""))::\(type)" }
                conditions.append("\(key) IN (\(list.joined(separator: ", ")))")
            }
        }
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        let names = table.columns.map { snowflakeIdentifier(snowflakeName($0.name)) }.joined(separator: ", ")
        var result = try asked { () throws(SnowflakeFailure) in
            try statements.run("SELECT \(names) FROM \(target(table).sql)\(filter)", usesWarehouse: true)
        }
        let head = result
        var cells = MirrorCells()
        for number in 0..<max(1, head.partitions) {
            if number > 0 {
                result = try asked { () throws(SnowflakeFailure) in try statements.partition(number, of: head) }
            }
            try hand(result, table, &cells, take)
        }
    }

    private func isReshaped(_ kind: StreamDescriptor.Kind) -> Bool {
        switch kind {
        case .timestamp, .array, .composite, .hstore, .json: true
        default: false
        }
    }

    private func hand(
        _ result: StatementResult, _ table: ParityTable, _ cells: inout MirrorCells,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let document = result.document
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        guard let data = view.member(0, named: "data") else { return }
        var text = ByteArena(capacity: 256)
        for row in view.elements(data) {
            cells.clear()
            var values = view.elements(row)
            for (index, column) in table.columns.enumerated() {
                text.truncate(to: 0)
                guard let value = values.next(), view.appendString(value, to: &text) else {
                    cells.endNull()
                    continue
                }
                let type = SnowflakeTypes.rule(for: column, inKey: table.keyColumns.contains(index)).type
                append(text.bytes, column, type, to: &cells)
                cells.end()
            }
            try take(cells)
        }
    }

    /// From a cell of a result (format `jsonv2`) to what the payload would have. Source: Snowflake, "Handling responses".
    private func append(
        _ cell: UnsafeRawBufferPointer, _ column: StreamDescriptor.Column, _ type: SnowflakeType,
        to cells: inout MirrorCells
    ) {
        switch type {
        case .boolean, .number, .varchar, .variant: cells.bytes.append(cell)
        case .float:
            let text = String(decoding: cell, as: UTF8.self)
            if case .float(let bits) = column.kind, let value = Double(text.lowercased()) {
                cells.bytes.append(value, bits: bits)
            } else {
                cells.bytes.append(cell)
            }
        case .binary:
            cells.bytes.append("\\x")
            for byte in cell { cells.bytes.append((0x41...0x46).contains(byte) ? byte | 0x20 : byte) }
        case .date:
            let days = Int64(String(decoding: cell, as: UTF8.self)) ?? 0
            var text = ByteArena(capacity: 32)
            text.append(timestamp: days * 86_400_000_000)
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text.bytes.prefix(10)))
        case .time, .timestamp, .timestampTZ:
            var text = ByteArena(capacity: 32)
            text.append(timestamp: Self.microseconds(cell))
            // As Postgres writes it: without zeros at the end of the fraction.
            var end = text.count - 1
            while end > 0, text.bytes[end - 1] == UInt8(ascii: "0") { end -= 1 }
            if text.bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
            let start = type == .time ? 11 : 0
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text.bytes[start..<end]))
            if type == .timestampTZ { cells.bytes.append("Z") }
        }
    }

    /// `1704164645.123456000 1440`: seconds with nine digits behind the point, and the zone's offset.
    private static func microseconds(_ cell: UnsafeRawBufferPointer) -> Int64 {
        let number = String(decoding: cell, as: UTF8.self).prefix { $0 != " " }
        let isNegative = number.hasPrefix("-")
        let halves = (isNegative ? number.dropFirst() : number).split(separator: ".")
        let seconds = halves.first.flatMap { Int64($0) } ?? 0
        let fraction = halves.count > 1 ? Int64(halves[1].prefix(6)) ?? 0 : 0
        let all = seconds * 1_000_000 + fraction
        return isNegative ? -all : all
    }

    /// Whether everything of a source before a position is merged; waits for it, at most `limit`. Nil when it is, else why not.
    package func reach(_ position: LogSequenceNumber, within limit: Duration) -> String? {
        let deadline = ContinuousClock.now + limit + settings.merge.interval
        let end = snowflakeLiteral(Position(commit: position.rawValue, ordinal: 0).paddedText)
        let prefix = snowflakeLiteral("BUZ_\(settings.name)_")
        while true {
            do throws(SnowflakeFailure) {
                let waiting = try statements.run(
                    """
                    SELECT COUNT(*) FROM \(staging.changes.sql) WHERE STARTSWITH(SOURCE, \(prefix)) AND SEQ < \(end)
                    """, usesWarehouse: true
                ).rows.first?.first.flatMap { $0 }
                if waiting == "0" { return nil }
            } catch {
                return "the staged changes cannot be counted: \(error.message)"
            }
            if ContinuousClock.now >= deadline { return "staged changes were not merged in time: see merge.interval" }
            SnowflakeAccount.pause(.milliseconds(500))
        }
    }

    private func asked<Value>(_ question: () throws(SnowflakeFailure) -> Value) throws(ParityError) -> Value {
        do throws(SnowflakeFailure) {
            return try question()
        } catch {
            throw ParityError("the mirror cannot be read: \(error.message)")
        }
    }
}
