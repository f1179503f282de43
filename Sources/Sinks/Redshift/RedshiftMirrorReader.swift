package import CoreIngest

/// The mirror tables of a `redshift` sink, for a comparison with their sources. A session of its own, which only reads, by a cursor.
package final class RedshiftMirrorReader: MirrorReader {
    private let session: RedshiftSession
    private let place: String
    private let schema: String?
    /// Columns that were asked for, by table.
    private var known: [RedshiftTable: [RedshiftSession.Column]] = [:]

    /// Longest wait for a statement: a table whose key is not ordered is read as a whole.
    private static let statementLimit = Duration.seconds(3600)
    /// Rows of one fetch.
    private static let fetched = 1000

    /// Connects. Blocks, within the settings' limits.
    package init(_ settings: RedshiftSinkSettings) throws(ParityError) {
        place = "redshift sink \(settings.name)"
        schema = settings.schema
        var settings = settings
        settings.statementTimeout = Self.statementLimit
        do throws(PostgresFailure) {
            session = try RedshiftSession(settings)
        } catch {
            throw Self.unreadable(error, place)
        }
    }

    private func mirror(of table: ParityTable) -> RedshiftTable {
        RedshiftTable(schema: schema ?? table.schema, name: table.name)
    }

    package func scope(of table: ParityTable) throws(ParityError) -> ParityScope {
        let mirror = mirror(of: table)
        do throws(PostgresFailure) {
            let columns = try session.columns(of: mirror) ?? []
            known[mirror] = columns
            let scope = ParityScope.of(
                table, mirror: "\(mirror)",
                columns.map { PresentColumn(name: $0.name, type: "\($0.type)", isKey: false) }, .redshift,
                RedshiftTypes.self)
            guard case .allBut(var leftOut) = scope else { return scope }
            // Parsed JSON has lost its digits.
            for (index, column) in table.columns.enumerated() where type(of: column.name, in: mirror) == .parsed {
                if table.keyColumns.contains(index) {
                    return .nothing("key column \(column.name) of \(mirror) is of the type SUPER")
                }
                leftOut.insert(index)
            }
            return .allBut(leftOut)
        } catch {
            throw Self.unreadable(error, place)
        }
    }

    private func type(of column: String, in mirror: RedshiftTable) -> RedshiftType.Base? {
        let name = redshiftName(column)
        return known[mirror]?.first { $0.name == name }?.type.base
    }

    package func bounds(of column: StreamDescriptor.Column) -> ValueBounds? {
        RedshiftTypes.rule(for: column, inKey: false).bounds
    }

    package func orders(_ table: ParityTable) -> Bool { table.hasCommonOrder }

    package func read(
        _ table: ParityTable, _ selection: RowSelection,
        _ take: (_ cells: borrowing MirrorCells) throws(ParityError) -> Void
    ) throws(ParityError) {
        let mirror = mirror(of: table)
        let columns = table.columns.map { column in
            let name = redshiftIdentifier(column.name)
            if case .varbyte = type(of: column.name, in: mirror) { return "TO_HEX(\(name))" }
            return name
        }
        let conditions = selection.conditions(on: table, name: redshiftIdentifier, literal: session.literal)
        var cells = MirrorCells()
        do throws(PostgresFailure) {
            try session.run("BEGIN")
            try session.run(
                """
                DECLARE buz_rows CURSOR FOR SELECT \(columns.joined(separator: ", ")) FROM \(mirror.sql)\
                \(conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))")
                """)
        } catch {
            throw ended(Self.unreadable(error, place))
        }
        while true {
            let rows: [[String?]]
            do throws(PostgresFailure) {
                rows = try session.texts("FETCH FORWARD \(Self.fetched) FROM buz_rows")
            } catch {
                throw ended(Self.unreadable(error, place))
            }
            for row in rows {
                cells.clear()
                for (index, column) in table.columns.enumerated() {
                    guard var text = row[index] else {
                        cells.endNull()
                        continue
                    }
                    text.withUTF8 { Self.append(UnsafeRawBufferPointer($0), column.kind, to: &cells) }
                    cells.end()
                }
                do throws(ParityError) {
                    try take(cells)
                } catch {
                    throw ended(error)
                }
            }
            if rows.count < Self.fetched { break }
        }
        do throws(PostgresFailure) {
            try session.run("COMMIT")
        } catch {
            throw ended(Self.unreadable(error, place))
        }
    }

    /// Ends the transaction of a reading that failed.
    private func ended(_ error: ParityError) -> ParityError {
        if session.isUsable { _ = try? session.run("ROLLBACK") }
        return error
    }

    /// From Redshift's text of a value to the payload's. A column may be a text where its source was one once.
    private static func append(
        _ text: UnsafeRawBufferPointer, _ kind: StreamDescriptor.Kind, to cells: inout MirrorCells
    ) {
        switch kind {
        case .boolean where text.count == 1: cells.bytes.append(text: text[0] == UInt8(ascii: "t") ? "true" : "false")
        case .bytes:
            cells.bytes.append("\\x")
            cells.bytes.append(text)
        case .float(let bits):
            if let value = NumberText.double(text) {
                cells.bytes.append(value, bits: bits)
            } else {
                cells.bytes.append(text)
            }
        // 2026-01-02 03:04:05.1+00 becomes 2026-01-02T03:04:05.1Z
        case .timestamp(let withZone) where text.count >= 19 && text[10] == UInt8(ascii: " "):
            let hasZone = text.count >= 22 && text[text.count - 3] == UInt8(ascii: "+")
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[..<10]))
            cells.bytes.append(UInt8(ascii: "T"))
            cells.bytes.append(UnsafeRawBufferPointer(rebasing: text[11..<text.count - (hasZone ? 3 : 0)]))
            if withZone { cells.bytes.append(UInt8(ascii: "Z")) }
        case .boolean, .integer, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .json, .hstore,
            .enumeration, .array, .composite, .text:
            cells.bytes.append(text)
        }
    }

    private static func unreadable(_ failure: PostgresFailure, _ place: String) -> ParityError {
        ParityError(
            "the mirror cannot be read: \(failure.sinkFailure(at: place, page: "docs/sinks/redshift.md").message)")
    }
}
