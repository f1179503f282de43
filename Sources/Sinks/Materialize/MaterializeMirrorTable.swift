import CoreIngest

/// One mirror as this session knows it, for one shape of its source table, and what one write has for it.
final class MaterializeMirrorTable {
    /// The view that people read.
    let mirror: MaterializeName
    /// The table that changes are appended to.
    let changes: MaterializeName
    let descriptor: StreamDescriptor
    /// What each column of the source is in ``changes``.
    let types: [MaterializeType]
    let shape: RowShape
    let keyed: KeyedChanges
    /// Changes of a table without a key, in order.
    var keyless: [EventReference] = []
    /// Everything that was there before is gone.
    var isEmptied = false
    private var scratch = ByteArena(capacity: 256)

    init(
        _ mirror: MaterializeName, changes: MaterializeName, _ descriptor: StreamDescriptor, _ types: [MaterializeType]
    ) {
        self.mirror = mirror
        self.changes = changes
        self.descriptor = descriptor
        self.types = types
        shape = RowShape(descriptor)
        keyed = KeyedChanges(shape)
    }

    var hasKey: Bool { !shape.key.isEmpty }
    var isPending: Bool { isEmptied || !keyless.isEmpty || !keyed.changes.isEmpty || !keyed.moves.isEmpty }

    /// Forgets what is pending.
    func abandon() {
        keyless = []
        isEmptied = false
        keyed.changes.clear()
        keyed.forgetMoves()
    }

    func serves(_ other: StreamDescriptor) -> Bool {
        other === descriptor || other.columns == descriptor.columns && other.keyColumns == descriptor.keyColumns
    }

    // MARK: Rows

    /// The columns of the rows that are written, as COPY lists them.
    var copied: String {
        (MaterializeChanges.columns.map(\.name) + descriptor.columns.map(\.name))
            .map(NameRules.materialize.quoted).joined(separator: ", ")
    }

    /// Writes a row: its operation, number and position, and its columns. Answers the column whose value it cannot hold, if there is one.
    ///
    /// `only`: the columns that are written, NULL in the others; nil for all. `base`: texts of the database for columns that the row does
    /// not have.
    func write(
        _ row: MirrorRow, _ operation: UInt8, sequence: UInt64, _ position: Position, only: [Int]? = nil,
        base: [String?]? = nil, to lines: inout ByteArena
    ) -> Int? {
        lines.append(operation)
        for number in [sequence, position.eventCommit, position.number] {
            lines.append(UInt8(ascii: "\t"))
            lines.append(decimal: number)
        }
        for index in types.indices {
            lines.append(UInt8(ascii: "\t"))
            if let only, !only.contains(index) {
                lines.append("\\N")
            } else if row.values[index] == nil, let base {
                if var text = base[index] {
                    text.withUTF8 { lines.appendCopyEscaped(UnsafeRawBufferPointer($0)) }
                } else {
                    lines.append("\\N")
                }
            } else {
                let isKey = shape.key.contains(index)
                let holds = lines.append(
                    materializeValue: row.values[index], types[index], descriptor.columns[index].kind, inKey: isKey,
                    scratch: &scratch)
                if !holds { return index }
            }
        }
        return nil
    }

    func refusal(_ index: Int) -> PostgresFailure {
        PostgresFailure(
            .data,
            "column \(descriptor.columns[index].name) of \(descriptor.qualifiedName) has a value that \(types[index]) does not hold"
        )
    }

    // MARK: Rows that are there

    /// The question for rows of the mirror by their keys, with the number of each key in front; nil where none can be one of it.
    func question(_ keys: [MirrorRow]) -> String? {
        var values: [String] = []
        for (number, row) in keys.enumerated() {
            let texts = shape.key.compactMap { index in
                sqlText(row.values[index], index).map { "\(postgresLiteral($0))::\(types[index])" }
            }
            if texts.count == shape.key.count { values.append("(\(number), \(texts.joined(separator: ", ")))") }
        }
        if values.isEmpty { return nil }
        let names = shape.key.indices.map { "k\($0)" }.joined(separator: ", ")
        let quoted = NameRules.materialize.quoted
        let columns = descriptor.columns.map { "mirror.\(quoted($0.name))" }.joined(separator: ", ")
        let same = shape.key.enumerated().map { "mirror.\(quoted(descriptor.columns[$1].name)) = wanted.k\($0)" }
        return """
            SELECT wanted.n, \(columns) FROM (VALUES \(values.joined(separator: ", "))) AS wanted (n, \(names)) \
            JOIN \(mirror.sql) AS mirror ON \(same.joined(separator: " AND "))
            """
    }

    /// A value as a statement's literal has it, without quotes; nil where the column cannot hold it.
    private func sqlText(_ json: UnsafeRawBufferPointer?, _ index: Int) -> String? {
        guard let json, !json.isJSONNull else { return nil }
        let kind = descriptor.columns[index].kind
        var text = ByteArena(capacity: 64)
        switch types[index] {
        case .date, .timestamp, .timestamptz:
            // Without anything that COPY would escape.
            guard text.append(materializeValue: json, types[index], kind, inKey: true, scratch: &scratch) else {
                return nil
            }
        case .boolean, .numeric, .text, .uuid, .bytea, .time, .integer, .float, .other:
            if json.first == UInt8(ascii: "\""), kind != .json { text.appendUnescaped(json) } else { text.append(json) }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
