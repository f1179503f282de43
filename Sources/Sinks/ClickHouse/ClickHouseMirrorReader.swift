package import CoreIngest

/// The mirror tables of a `clickhouse` sink, for a comparison with their sources. Reads in pages, along the table's own order.
package struct ClickHouseMirrorReader: MirrorReader {
    private let settings: ClickHouseSinkSettings
    private let session: ClickHouseSession

    /// Rows of a page, fewer where they are wide; and what a page's answer may have.
    private static let pageRows = 20_000
    private static let pageBytes = 64 << 20

    package init(_ settings: ClickHouseSinkSettings) {
        var settings = settings
        settings.timeout = .seconds(600)
        self.settings = settings
        session = ClickHouseSession(settings)
    }

    private func target(_ table: ParityTable) -> ClickHouseTable {
        .mirror(settings.database, schema: table.schema, name: table.name)
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let target = target(table)
        do throws(ClickHouseFailure) {
            let present = try ClickHouseMirrorCatalog.columns(of: target, session)
            return ParityScope.of(table, mirror: target.name, present, .clickHouse, ClickHouseTypes.self)
        } catch {
            throw unreadable(error)
        }
    }

    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? {
        ClickHouseTypes.rule(for: column, inKey: false).bounds
    }

    /// Integers only: UUIDs are ordered by their second half, and dates in keys are texts.
    package func orders(_ table: ParityTable) -> Bool {
        if case .integer = table.columns[table.keyColumns[0]].kind { return true }
        return false
    }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let key = table.keyColumns.map { NameRules.clickHouse.quoted(table.columns[$0].name) }
        let types = table.keyColumns.map { "\(ClickHouseTypes.rule(for: table.columns[$0], inKey: true).type)" }
        let conditions = conditions(table, selection)
        var last: [[UInt8]]?
        var size = Self.pageRows
        while true {
            var page = conditions
            if let last {
                let literals = zip(last, types).map { "CAST(\(Self.bytesLiteral($0)), \(clickHouseLiteral($1)))" }
                page.append("\(clickHouseTuple(key)) > \(clickHouseTuple(literals))")
            }
            let sql = """
                SELECT \(table.columns.map { Self.text(of: $0) }.joined(separator: ", ")) FROM \(target(table).sql) FINAL
                \(page.isEmpty ? "" : "WHERE \(page.joined(separator: " AND "))") ORDER BY \(key.joined(separator: ", ")) LIMIT \(size)
                """
            let answer: [UInt8]
            do throws(ClickHouseFailure) {
                answer = try session.select(sql, bytes: Self.pageBytes)
            } catch {
                guard error.kind == .tooLarge, size > 1 else { throw unreadable(error) }
                size = max(1, size / 8)
                continue
            }
            var count = 0
            let failure = answer.withUnsafeBytes { buffer in
                hand(over: buffer, table, &count, &last, take)
            }
            if let failure { throw failure }
            if count < size { return }
        }
    }

    /// Answers what went wrong.
    private func hand(
        over answer: UnsafeRawBufferPointer, _ table: ParityTable, _ count: inout Int, _ last: inout [[UInt8]]?,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) -> ParityError? {
        var texts = RowBinaryTexts(answer)
        var cells = MirrorCells()
        while !texts.isAtEnd {
            cells.clear()
            var key = Array(repeating: [UInt8](), count: table.keyColumns.count)
            for (index, column) in table.columns.enumerated() {
                guard let cell = texts.next() else {
                    return ParityError("the mirror cannot be read: an answer ended within a row")
                }
                if let place = table.keyColumns.firstIndex(of: index) { key[place] = cell.map { Array($0) } ?? [] }
                guard let cell else {
                    cells.endNull()
                    continue
                }
                Self.append(cell, column, to: &cells)
                cells.end()
            }
            do throws(ParityError) { try take(cells) } catch { return error }
            last = key
            count += 1
        }
        return nil
    }

    private func conditions(_ table: ParityTable, _ selection: RowSelection) -> [String] {
        let first = table.columns[table.keyColumns[0]]
        let name = NameRules.clickHouse.quoted(first.name)
        let type = clickHouseLiteral("\(ClickHouseTypes.rule(for: first, inKey: true).type)")
        func literal(_ text: String) -> String { "CAST(\(clickHouseLiteral(text)), \(type))" }
        switch selection {
        case .range(let range):
            return [range.after.map { "\(name) > \(literal($0))" }, range.upTo.map { "\(name) <= \(literal($0))" }]
                .compactMap { $0 }
        case .keys(let keys):
            switch first.kind {
            // As stored.
            case .integer, .numeric, .string, .uuid, .date, .time, .interval, .enumeration, .text, .float:
                return ["\(name) IN (\(keys.map { literal($0.values.first ?? "") }.joined(separator: ", ")))"]
            case .boolean, .timestamp, .bytes, .json, .hstore, .array, .composite: return []
            }
        }
    }

    /// A column's value as a text, however it is stored.
    private static func text(of column: StreamDescriptor.Column) -> String {
        "CAST(toString(\(NameRules.clickHouse.quoted(column.name))), 'Nullable(String)')"
    }

    /// From ClickHouse's text of a value to the payload's.
    private static func append(
        _ text: UnsafeRawBufferPointer, _ column: StreamDescriptor.Column, to cells: inout MirrorCells
    ) {
        switch column.kind {
        case .bytes: cells.bytes.append(postgresBytes: text)
        case .float(let bits) where !column.isKey:
            if bits <= 32 {
                if let value = NumberText.float(text) { return cells.bytes.append(postgresReal: value) }
            } else if let value = NumberText.double(text) {
                return cells.bytes.append(postgresDouble: value)
            }
            cells.bytes.append(text)
        // Whatever the server's settings say of zeros at the end.
        case .numeric(_, let scale?) where !column.isKey && scale > 0:
            cells.bytes.append(text)
            let point = text.firstIndex(of: UInt8(ascii: "."))
            if point == nil { cells.bytes.append(UInt8(ascii: ".")) }
            for _ in min(scale, point.map { text.count - $0 - 1 } ?? 0)..<scale {
                cells.bytes.append(UInt8(ascii: "0"))
            }
        // 2026-01-02 03:04:05.100000 → 2026-01-02T03:04:05.1
        case .timestamp(let withZone) where !column.isKey && text.count == 26:
            var end = text.count
            while text[end - 1] == UInt8(ascii: "0") { end -= 1 }
            if text[end - 1] == UInt8(ascii: ".") { end -= 1 }
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[..<10]))
            cells.bytes.append(UInt8(ascii: "T"))
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[11..<end]))
            if withZone { cells.bytes.append(UInt8(ascii: "Z")) }
        case .boolean, .integer, .float, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .json, .hstore,
            .enumeration, .array, .composite, .text:
            cells.bytes.append(text)
        }
    }

    private static func bytesLiteral(_ bytes: [UInt8]) -> String {
        var hex = ByteArena(capacity: bytes.count * 2)
        for byte in bytes { hex.append(hex: UInt64(byte), digits: 2) }
        return "unhex('\(String(decoding: hex.bytes, as: UTF8.self))')"
    }

    private func unreadable(_ failure: ClickHouseFailure) -> ParityError {
        ParityError("the mirror cannot be read: \(failure.sinkFailure(at: "clickhouse sink \(settings.name)").message)")
    }
}
