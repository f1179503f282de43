package import CoreIngest

/// The mirror tables of a `sqlite` sink, for a comparison with their sources.
package struct SQLiteMirrorReader: MirrorReader {
    private let database: SQLiteDatabase

    /// Opens the file, which must be there.
    package init(_ settings: SQLiteSinkSettings) throws(ParityError) {
        do throws(StateError) {
            database = try SQLiteDatabase(path: settings.path)
        } catch {
            throw Self.unreadable(error)
        }
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let name = sqliteTable(schema: table.schema, name: table.name)
        let present: [PresentColumn]
        do throws(StateError) {
            present = try SQLiteMirrorCatalog.columns(of: name, in: database)
        } catch {
            throw Self.unreadable(error)
        }
        return ParityScope.of(table, mirror: name, present, .sqlite, SQLiteTypes.self)
    }

    /// Integers and texts of one width; dates may be `infinity` or before our era.
    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let first = table.columns[table.keyColumns[0]]
        var conditions: [String] = []
        var values: [String] = []
        switch selection {
        case .range(let range):
            for (sign, bound) in [(">", range.after), ("<=", range.upTo)] {
                guard let bound else { continue }
                conditions.append("\(sqliteIdentifier(first.name)) \(sign) \(Self.parameter(first.kind))")
                values.append(bound)
            }
        case .keys(let keys):
            // Of the other kinds canonical texts are not what is stored: then all rows are looked through.
            if Self.isFoundByText(first.kind) {
                let marks = Array(repeating: Self.parameter(first.kind), count: keys.count).joined(separator: ", ")
                conditions.append("\(sqliteIdentifier(first.name)) IN (\(marks))")
                values = keys.map { $0.values.first ?? "" }
            }
        }
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        let columns = table.columns.map { sqliteIdentifier($0.name) }.joined(separator: ", ")
        let name = sqliteIdentifier(sqliteTable(schema: table.schema, name: table.name))
        do throws(StateError) {
            var rows = try database.prepare("SELECT \(columns) FROM \(name)\(filter)")
            for (index, value) in values.enumerated() { try rows.bind(index + 1, value) }
            var cells = MirrorCells()
            while try rows.step() {
                cells.clear()
                for (index, column) in table.columns.enumerated() { rows.append(index, column.kind, to: &cells) }
                do throws(ParityError) { try take(cells) } catch { throw StateError(.failed, error.description) }
            }
        } catch {
            throw Self.unreadable(error)
        }
    }

    private static func parameter(_ kind: StreamDescriptor.Kind) -> String {
        if case .integer = kind { return "CAST(? AS INTEGER)" }
        return "?"
    }

    private static func isFoundByText(_ kind: StreamDescriptor.Kind) -> Bool {
        switch kind {
        case .integer, .numeric, .string, .uuid, .date, .time, .interval, .enumeration, .text: true
        case .boolean, .float, .timestamp, .bytes, .json, .hstore, .array, .composite: false
        }
    }

    private static func unreadable(_ error: StateError) -> ParityError {
        ParityError("the mirror cannot be read: \(error.message)")
    }
}

extension Statement {
    /// Appends a column of the row as a payload of its kind would have it.
    fileprivate func append(_ column: Int, _ kind: StreamDescriptor.Kind, to cells: inout MirrorCells) {
        switch stored(column) {
        case .null: return cells.endNull()
        case .integer(let value):
            switch kind {
            case .boolean: cells.bytes.append(text: value == 0 ? "false" : "true")
            // A whole number may be kept as an integer in a column of doubles.
            case .float(let bits): cells.bytes.append(Double(value), bits: bits)
            case .integer, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .bytes, .json, .hstore,
                .enumeration, .array, .composite, .text:
                cells.bytes.append(decimal: value)
            }
        case .real(let value):
            if case .float(let bits) = kind {
                cells.bytes.append(value, bits: bits)
            } else {
                cells.bytes.append(postgresDouble: value)
            }
        case .text(let bytes): cells.bytes.append(bytes)
        case .blob(let bytes):
            if kind == .bytes { cells.bytes.append(postgresBytes: bytes) } else { cells.bytes.append(bytes) }
        }
        cells.end()
    }
}
