import CoreIngest
import HTTPClient

/// The tables of our own that a mirror needs, besides the mirrors.
struct SnowflakeStaging {
    /// Changes that wait for their merge.
    let changes: SnowflakeTable
    /// How far each mirror is merged.
    let merged: SnowflakeTable

    init(schema: String, sink: String) {
        let name = String(sink.uppercased().map { $0 == "-" ? "_" : $0 })
        changes = SnowflakeTable(schema: schema, name: "BUZ_STAGING_\(name)")
        merged = SnowflakeTable(schema: schema, name: "BUZ_MERGED_\(name)")
    }

    func prepare(_ statements: SnowflakeStatements) throws(SnowflakeFailure) {
        try statements.prepare(
            changes,
            columns:
                "SOURCE VARCHAR, SEQ VARCHAR, TARGET VARCHAR, KEY_COLUMNS VARCHAR, OP VARCHAR, CELLS VARIANT, OLD_KEY VARIANT"
        )
        try statements.prepare(
            merged, columns: "SOURCE VARCHAR, TARGET VARCHAR, APPLIED VARCHAR, UPDATED_AT TIMESTAMP_TZ(6)")
    }

    /// Where a change stands: texts in the order of changes. `part`: 1, or 2 for the second of an event that makes two.
    static func sequence(_ position: Position, part: Int) -> String { "\(position.paddedText)_\(part)" }

    /// Behind every change up to a position, that included.
    static func end(of position: Position) -> String { sequence(position, part: 9) }

    /// Behind everything before a change.
    static func before(_ sequence: String) -> String { "\(sequence.dropLast())0" }
}

/// One mirror in the shape of its source: what rows for it are made by.
final class SnowflakeMirror {
    let name: String
    let stream: StreamDescriptor
    let shape: RowShape
    let types: [SnowflakeType]
    /// `"NAME":` of each column's cell.
    let cellNames: [[UInt8]]
    /// `,"KEY_COLUMNS":…` as rows have it.
    let keyMember: [UInt8]
    /// Names of what a table without a key has besides: operation, commit, ordinal.
    let changeColumns: [String]

    init(_ name: String, _ stream: StreamDescriptor, changeColumns: [String]) {
        self.name = name
        self.stream = stream
        self.changeColumns = changeColumns
        shape = RowShape(stream)
        types = stream.columns.enumerated().map { index, column in
            SnowflakeTypes.rule(for: column, inKey: stream.keyColumns.contains(index)).type
        }
        cellNames = stream.columns.map { Array("\"\(Self.cell(snowflakeName($0.name)))\":".utf8) }
        var list = ByteArena(capacity: 64)
        list.append("[")
        for (place, index) in stream.keyColumns.enumerated() {
            if place > 0 { list.append(",") }
            list.appendJSONString(text: snowflakeName(stream.columns[index].name))
        }
        list.append("]")
        var member = ByteArena(capacity: 96)
        member.append(",\"KEY_COLUMNS\":")
        member.appendJSONString(list.bytes)
        keyMember = Array(member.bytes)
    }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === stream || other.columns == stream.columns && other.keyColumns == stream.keyColumns
    }

    /// The member of ``CELLS`` that holds a column: letters, digits and underscores as they are, all else as `%XX`, so that paths to it
    /// need no quoting of their own.
    static func cell(_ column: String) -> String { FormText.escaped(column) }
}
