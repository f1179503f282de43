package import CoreIngest

/// The mirror tables of a `bigquery` sink, for a comparison with their sources.
package struct BigQueryMirrorReader: MirrorReader {
    private let api: BigQueryAPI
    private let settings: BigQuerySinkSettings

    package init(_ settings: BigQuerySinkSettings) throws(ParityError) {
        self.settings = settings
        api = BigQueryAPI(settings, settings.access)
        do throws(BigQueryFailure) { try api.checkDataset() } catch { throw Self.unreadable(error) }
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let name = settings.mirror(schema: table.schema, table: table.name)
        let present: BigQueryTable?
        do throws(BigQueryFailure) { present = try api.table(name) } catch { throw Self.unreadable(error) }
        if let staleness = present?.staleness, staleness != Staleness.none {
            return .nothing(
                "queries of \(name) may see old rows, by its max_staleness: ALTER TABLE \(settings.quoted(name)) SET OPTIONS (max_staleness = NULL)"
            )
        }
        return ParityScope.of(
            table, mirror: name, present?.presentColumns ?? [], .bigQueryColumns, BigQueryTypes.self)
    }

    /// Integers, and texts of one width in ASCII, which BigQuery orders by their bytes.
    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let names = NameRules.bigQueryColumns
        let first = table.columns[table.keyColumns[0]]
        var conditions: [String] = []
        var parameters: [(name: String, value: String)] = []
        func parameter(_ value: String) -> String {
            let name = "p\(parameters.count)"
            parameters.append((name, value))
            if case .integer = first.kind { return "CAST(@\(name) AS INT64)" }
            return "@\(name)"
        }
        switch selection {
        case .range(let range):
            for (sign, bound) in [(">", range.after), ("<=", range.upTo)] {
                if let bound { conditions.append("\(names.quoted(first.name)) \(sign) \(parameter(bound))") }
            }
        case .keys(let keys):
            // Of the other kinds canonical texts are not what is stored: then all rows are looked through.
            if Self.isFoundByText(first.kind) {
                let list = keys.map { parameter($0.values.first ?? "") }.joined(separator: ", ")
                conditions.append("\(names.quoted(first.name)) IN (\(list))")
            }
        }
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        let columns = table.columns.map { names.quoted($0.name) }.joined(separator: ", ")
        let name = settings.quoted(settings.mirror(schema: table.schema, table: table.name))
        let types = table.columns.enumerated().map { index, column in
            BigQueryTypes.rule(for: column, inKey: table.keyColumns.contains(index)).type
        }
        var cells = MirrorCells()
        try api.query(
            "SELECT \(columns) FROM \(name)\(filter)", parameters, failure: { Self.unreadable($0) }
        ) { row throws(ParityError) in
            cells.clear()
            for (index, column) in table.columns.enumerated() {
                guard index < row.count, let text = row[index] else {
                    cells.endNull()
                    continue
                }
                cells.bytes.append(stored: text, column.kind, as: types[index])
                cells.end()
            }
            try take(cells)
        }
    }

    private static func isFoundByText(_ kind: StreamDescriptor.Kind) -> Bool {
        switch kind {
        case .integer, .string, .uuid, .enumeration, .text: true
        case .boolean, .float, .numeric, .date, .time, .timestamp, .interval, .bytes, .json, .hstore, .array,
            .composite:
            false
        }
    }

    private static func unreadable(_ failure: BigQueryFailure) -> ParityError {
        ParityError("the mirror cannot be read: \(failure.message)")
    }
}

extension ByteArena {
    /// Appends a value, as a query answers it, in the form that payloads have it.
    fileprivate mutating func append(stored text: String, _ kind: StreamDescriptor.Kind, as type: BigQueryType) {
        switch type {
        case .float64:
            guard let value = Double(text), case .float(let bits) = kind else { return append(text: text) }
            append(value, bits: bits)
        case .numeric, .bignumeric: append(scaled: text, kind)
        case .bytes:
            append("\\x")
            appendHex(base64: text)
        case .time, .datetime: append(withoutZeros: text)
        case .timestamp:
            guard let value = Int64(text) else { return append(text: text) }
            let start = count
            append(timestamp: value)
            // Without the zeros of the fraction, and the point where nothing is left of it.
            let digits = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<count - 1]), as: UTF8.self)
            truncate(to: start)
            append(withoutZeros: digits)
            append(UInt8(ascii: "Z"))
        case .bool, .int64, .string, .date: append(text: text)
        }
    }

    /// With as many digits behind the point as the source's type has.
    private mutating func append(scaled text: String, _ kind: StreamDescriptor.Kind) {
        append(text: text)
        guard case .numeric(_, let scale) = kind, let scale, scale > 0 else { return }
        let behind = text.split(separator: ".", maxSplits: 1).dropFirst().first?.utf8.count ?? 0
        if behind == 0 { append(UInt8(ascii: ".")) }
        for _ in behind..<max(behind, scale) { append(UInt8(ascii: "0")) }
    }

    private mutating func append(withoutZeros text: String) {
        guard text.utf8.contains(UInt8(ascii: ".")) else { return append(text: text) }
        var rest = Substring(text)
        while rest.last == "0" { rest = rest.dropLast() }
        if rest.last == "." { rest = rest.dropLast() }
        append(text: rest)
    }

    /// Appends the bytes that a text in base64 says, as hexadecimal digits.
    private mutating func appendHex(base64 text: String) {
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte - 0x41)
            case 0x61...0x7A: value = UInt32(byte - 0x61) + 26
            case 0x30...0x39: value = UInt32(byte - 0x30) + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: continue
            }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                append(hex: UInt64(bits >> UInt32(count) & 255), digits: 2)
            }
        }
    }
}
