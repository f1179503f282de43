package import CoreIngest

/// The mirrors of a `materialize` sink, for a comparison with their sources. A session of its own, which only reads; rows come in parts.
package struct MaterializeMirrorReader: MirrorReader {
    private let session: MaterializeSession
    private let settings: MaterializeSinkSettings
    private let place: String

    /// Longest time of one statement: a mirror whose key is not ordered is read as a whole.
    private static let statementLimit = Duration.seconds(3600)
    private static let rowsOfPart = 5000

    /// Connects. Blocks, within the settings' limits.
    package init(_ settings: MaterializeSinkSettings) throws(ParityError) {
        var settings = settings
        settings.statementTimeout = Self.statementLimit
        self.settings = settings
        place = "materialize sink \(settings.name)"
        do throws(PostgresFailure) {
            session = try MaterializeSession(settings)
        } catch {
            throw Self.unreadable(error, place)
        }
    }

    private func name(of table: ParityTable) -> MaterializeName {
        MaterializeName(
            schema: NameRules.materialize.mapped(settings.schema ?? (table.schema.isEmpty ? "public" : table.schema)),
            name: NameRules.materialize.mapped(table.name))
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let name = name(of: table)
        do throws(PostgresFailure) {
            let present = try session.rows(
                """
                SELECT column_name, data_type FROM information_schema.columns WHERE table_catalog = current_database() \
                AND table_schema = \(postgresLiteral(name.schema)) AND table_name = \(postgresLiteral(name.name))
                """
            ).map { PresentColumn(name: $0[0] ?? "", type: $0[1] ?? "", isKey: false) }
            return .of(table, mirror: "\(name)", present, .materialize, MaterializeTypes.self)
        } catch {
            throw Self.unreadable(error, place)
        }
    }

    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? {
        MaterializeTypes.rule(for: column, inKey: false).bounds
    }

    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let conditions = selection.conditions(on: table, name: NameRules.materialize.quoted, literal: postgresLiteral)
        let columns = table.columns.map { NameRules.materialize.quoted($0.name) }.joined(separator: ", ")
        let sql = """
            SELECT \(columns) FROM \(name(of: table).sql)\
            \(conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))")
            """
        var cells = MirrorCells()
        var stopped: ParityError?
        do throws(PostgresFailure) {
            try session.read(sql, most: Self.rowsOfPart) { row throws(PostgresFailure) in
                cells.clear()
                for (index, column) in table.columns.enumerated() {
                    guard var value = row[index] else {
                        cells.endNull()
                        continue
                    }
                    value.withUTF8 { Self.append(UnsafeRawBufferPointer($0), column.kind, to: &cells) }
                    cells.end()
                }
                do throws(ParityError) {
                    try take(cells)
                } catch {
                    stopped = error
                    throw PostgresFailure(.other, error.description)
                }
            }
        } catch {
            _ = session.rollBack()
            throw stopped ?? Self.unreadable(error, place)
        }
    }

    /// From Materialize's text of a value to the payload's. A column may be a text where its source was one once.
    private static func append(
        _ text: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind, to cells: inout MirrorCells
    ) {
        switch kind {
        case .boolean where text.count == 1:
            cells.bytes.append(text: text[0] == UInt8(ascii: "t") ? "true" : "false")
        case .float(let bits):
            if let value = NumberText.double(text) {
                cells.bytes.append(value, bits: bits)
            } else {
                cells.bytes.append(text)
            }
        case .numeric(_?, let scale?) where scale > 0: appendDecimal(text, scale: scale, to: &cells)
        // 2026-01-02 03:04:05.1+00 becomes 2026-01-02T03:04:05.1Z
        case .timestamp(let withZone) where text.count > 11 && text[10] == UInt8(ascii: " "):
            let hasZone = withZone && text.suffix(3).elementsEqual("+00".utf8)
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[..<10]))
            cells.bytes.append(UInt8(ascii: "T"))
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[11..<text.count - (hasZone ? 3 : 0)]))
            if hasZone { cells.bytes.append(UInt8(ascii: "Z")) }
        case .boolean, .integer, .numeric, .string, .uuid, .bytes, .date, .time, .timestamp, .interval, .json, .hstore,
            .enumeration, .array, .composite, .text:
            cells.bytes.append(text)
        }
    }

    /// With the zeros that Postgres shows behind the point.
    private static func appendDecimal(_ text: UnsafeRawBufferPointer, scale: Int, to cells: inout MirrorCells) {
        cells.bytes.append(text)
        guard let number = DecimalText(text), number.fraction < scale else { return }
        if number.fraction == 0 { cells.bytes.append(UInt8(ascii: ".")) }
        for _ in number.fraction..<scale { cells.bytes.append(UInt8(ascii: "0")) }
    }

    private static func unreadable(_ failure: PostgresFailure, _ place: String) -> ParityError {
        ParityError("the mirror cannot be read: \(failure.materializeFailure(at: place).message)")
    }
}
