package import CoreIngest

/// The mirror tables of a `duckdb` sink, for a comparison with their sources. Reads by ranges of row numbers.
///
/// The file is opened for each reading, as the sink cannot write meanwhile.
package struct DuckDBMirrorReader: MirrorReader {
    private let settings: DuckDBSinkSettings
    private let library: DuckDBLibrary

    /// Rows that are read at once, fewer where they are wide.
    private static let mostRows: Int64 = 20_480
    /// How long the sink, or somebody else, is waited for.
    private static let patience: Duration = .seconds(60)

    package init(_ settings: DuckDBSinkSettings, library: DuckDBLibrary) {
        var settings = settings
        settings.timeout = .seconds(600)
        self.settings = settings
        self.library = library
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let target = DuckDBTable.mirror(schema: table.schema, name: table.name)
        do throws(DuckDBFailure) {
            let present = try DuckDBMirrorCatalog.columns(try open(), of: target).map(\.column)
            return ParityScope.of(table, mirror: target.label, present, .duckDB, DuckDBTypes.self)
        } catch {
            throw unreadable(error)
        }
    }

    /// Numbers, and UUIDs, which DuckDB orders by their bytes too.
    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        do throws(DuckDBFailure) {
            try read(table, selection, try open(), take)
        } catch {
            throw unreadable(error)
        }
    }

    private func read(
        _ table: ParityTable, _ selection: RowSelection, _ connection: DuckDBConnection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(DuckDBFailure) {
        let target = DuckDBTable.mirror(schema: table.schema, name: table.name)
        let database = try connection.texts("SELECT current_database()").first?.first.flatMap { $0 } ?? ""
        let sql = target.sql(in: database)
        let present = Dictionary(
            try DuckDBMirrorCatalog.columns(connection, of: target).map {
                (NameRules.duckDB.folded($0.column.name), DuckDBType(parsing: $0.column.type))
            }, uniquingKeysWith: { first, _ in first })
        var types: [DuckDBType] = []
        for column in table.columns {
            guard let found = present[NameRules.duckDB.folded(column.name)], let type = found else {
                throw DuckDBFailure(
                    .other, "\(target.label) has no column \(column.name) of a type that the sink writes")
            }
            types.append(type)
        }
        let columns = zip(table.columns, types).map { $1.text(of: duckDBIdentifier($0.name)) }
        let conditions = Self.conditions(table, types, selection)
        // A column of that name hides the rows' numbers: then all is read at once.
        let isNumbered = present[NameRules.duckDB.folded("rowid")] == nil
        let last =
            isNumbered
            ? try connection.texts("SELECT CAST(max(rowid) AS VARCHAR) FROM \(sql)").first?.first.flatMap { $0 }
                .flatMap { Int64($0) } ?? -1 : 0
        var cells = MirrorCells()
        var first: Int64 = 0
        var size = Self.mostRows
        while first <= last {
            let end = min(last + 1, first + size)
            let all = conditions + (isNumbered ? ["rowid >= \(first)", "rowid < \(end)"] : [])
            let filter = all.isEmpty ? "" : " WHERE \(all.joined(separator: " AND "))"
            do throws(DuckDBFailure) {
                try connection.query("SELECT \(columns.joined(separator: ", ")) FROM \(sql)\(filter)") {
                    row throws(DuckDBFailure) in
                    cells.clear()
                    for (index, column) in table.columns.enumerated() {
                        cells.append(row[index], column.kind, types[index])
                    }
                    do throws(ParityError) { try take(cells) } catch { throw DuckDBFailure(.other, error.description) }
                }
            } catch {
                // Nothing was handed over: memory is short before the first row.
                guard error.kind == .outOfMemory, isNumbered, size > 1 else { throw error }
                size = max(1, size / 8)
                continue
            }
            first = end
        }
    }

    private static func conditions(
        _ table: ParityTable, _ types: [DuckDBType], _ selection: RowSelection
    ) -> [String] {
        let index = table.keyColumns[0]
        let name = duckDBIdentifier(table.columns[index].name)
        let type = types[index]
        switch selection {
        case .range(let range):
            return [
                range.after.map { "\(name) > CAST(\(duckDBLiteral($0)) AS \(type))" },
                range.upTo.map { "\(name) <= CAST(\(duckDBLiteral($0)) AS \(type))" },
            ].compactMap { $0 }
        case .keys(let keys):
            switch type {
            case .smallint, .integer, .bigint, .uuid:
                let values = keys.map { "CAST(\(duckDBLiteral($0.values.first ?? "")) AS \(type))" }
                return ["\(name) IN (\(values.joined(separator: ", ")))"]
            // Of the others canonical texts are not what is stored: all rows are looked through.
            case .boolean, .float, .double, .varchar, .date, .time, .timestamp, .timestampWithZone, .blob, .decimal:
                return []
            }
        }
    }

    private func open() throws(DuckDBFailure) -> DuckDBConnection {
        try DuckDBConnection(library, settings, readOnly: true, patience: Self.patience)
    }

    private func unreadable(_ failure: DuckDBFailure) -> ParityError {
        ParityError("the mirror cannot be read: \(failure.description)")
    }
}

extension MirrorCells {
    /// Ends a cell: from DuckDB's text of a value to the payload's.
    fileprivate mutating func append(
        _ text: UnsafeRawBufferPointer?, _ kind: StreamDescriptor.Kind, _ type: DuckDBType
    ) {
        guard let text else { return endNull() }
        defer { end() }
        switch type {
        case .float, .double:
            guard case .float(let bits) = kind else { break }
            if bits <= 32 {
                if let value = NumberText.float(text) { return bytes.append(postgresReal: value) }
            } else if let value = NumberText.double(text) {
                return bytes.append(postgresDouble: value)
            }
        case .date, .timestamp, .timestampWithZone:
            return bytes.append(
                era: text, zone: type == .timestampWithZone && text.first.map { $0 < 0x3A && $0 != 0x2D } ?? false)
        case .varchar, .boolean, .smallint, .integer, .bigint, .uuid, .time, .blob, .decimal: break
        }
        bytes.append(text)
    }
}

extension ByteArena {
    /// `0044-03-15 (BC) 01:02:03` → `0044-03-15 01:02:03+00 BC`, as Postgres writes it.
    fileprivate mutating func append(era text: UnsafeRawBufferPointer, zone: Bool) {
        let mark = Array(" (BC)".utf8)
        let day = text.firstIndex(of: UInt8(ascii: " ")) ?? text.count
        let isBefore = text[day...].starts(with: mark)
        append(UnsafeRawBufferPointer(rebasing: text[..<day]))
        append(UnsafeRawBufferPointer(rebasing: text[(isBefore ? day + mark.count : day)...]))
        if zone { append("+00") }
        if isBefore { append(" BC") }
    }
}
