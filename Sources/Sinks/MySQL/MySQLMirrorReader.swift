package import CoreIngest

/// The mirror tables of a `mysql` sink, for a comparison with their sources. A session of its own, which only reads; rows come as they
/// are asked for.
package struct MySQLMirrorReader: MirrorReader {
    private let connection: MySQLConnection
    private let place: String

    /// Longest wait for a row: a table whose key is not ordered is read as a whole.
    private static let statementLimit = Duration.seconds(3600)

    /// Connects. Blocks, within the settings' limits.
    package init(_ settings: MySQLSinkSettings) throws(ParityError) {
        place = "mysql sink \(settings.name)"
        do throws(MySQLFailure) {
            connection = try MySQLConnection(settings, statement: Self.statementLimit)
        } catch {
            throw Self.unreadable(error, place)
        }
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let name = mysqlTable(schema: table.schema, name: table.name)
        do throws(MySQLFailure) {
            guard try connection.hasTable(name) else {
                return .of(table, mirror: name, [], .mysql, MySQLTypes.self)
            }
            let present = try connection.columns(of: name).columns.map {
                PresentColumn(name: $0.name, type: $0.type, isKey: false)
            }
            return .of(table, mirror: name, present, .mysql, MySQLTypes.self)
        } catch {
            throw Self.unreadable(error, place)
        }
    }

    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? {
        MySQLTypes.rule(for: column, inKey: false).bounds
    }

    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let conditions = selection.conditions(on: table, name: mysqlIdentifier, literal: mysqlLiteral)
        let columns = table.columns.map { mysqlIdentifier($0.name) }.joined(separator: ", ")
        let sql = """
            SELECT \(columns) FROM \(mysqlIdentifier(mysqlTable(schema: table.schema, name: table.name)))\
            \(conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))")
            """
        var cells = MirrorCells()
        var stopped: ParityError?
        do throws(MySQLFailure) {
            try connection.query(sql) { row throws(MySQLFailure) in
                cells.clear()
                for (index, column) in table.columns.enumerated() {
                    guard let value = row[index] else {
                        cells.endNull()
                        continue
                    }
                    Self.append(value, column.kind, to: &cells)
                    cells.end()
                }
                do throws(ParityError) {
                    try take(cells)
                } catch {
                    stopped = error
                    throw MySQLFailure(.other, error.description)
                }
            }
        } catch {
            throw stopped ?? Self.unreadable(error, place)
        }
    }

    /// From MySQL's text of a value to the payload's. A column may be a text where its source was one once.
    private static func append(
        _ text: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind, to cells: inout MirrorCells
    ) {
        switch kind {
        case .boolean where text.count == 1:
            cells.bytes.append(text: text[0] == UInt8(ascii: "0") ? "false" : "true")
        case .bytes: cells.bytes.append(postgresBytes: text)
        case .float(let bits):
            if let value = NumberText.double(text) {
                cells.bytes.append(value, bits: bits)
            } else {
                cells.bytes.append(text)
            }
        // 2026-01-02 03:04:05.100000 becomes 2026-01-02T03:04:05.1
        case .timestamp(let withZone) where text.count == 26 && text[10] == UInt8(ascii: " "):
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[..<10]))
            cells.bytes.append(UInt8(ascii: "T"))
            cells.bytes.append(withoutZeros(UnsafeRawBufferPointer(rebasing: text[11...])))
            if withZone { cells.bytes.append(UInt8(ascii: "Z")) }
        case .time(withZone: false): cells.bytes.append(withoutZeros(text))
        case .boolean, .integer, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .json, .hstore,
            .enumeration, .array, .composite, .text:
            cells.bytes.append(text)
        }
    }

    /// Without the zeros at the end of the seconds' fraction.
    private static func withoutZeros(_ time: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard time.count > 9, time[8] == UInt8(ascii: ".") else { return time }
        var end = time.count
        while time[end - 1] == UInt8(ascii: "0") { end -= 1 }
        if time[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: time[..<end])
    }

    private static func unreadable(_ failure: MySQLFailure, _ place: String) -> ParityError {
        ParityError("the mirror cannot be read: \(failure.sinkFailure(at: place).message)")
    }
}
