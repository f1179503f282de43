import CoreIngest

/// Finds the columns' values in payloads. One per write and table, reused for every row.
struct MirrorRow {
    private let target: MirrorTarget
    /// By column: where its JSON lies; nil where no payload had it.
    private(set) var values: [UnsafeRawBufferPointer?]

    init(_ target: MirrorTarget) {
        self.target = target
        values = Array(repeating: nil, count: target.columns.count)
    }

    mutating func clear() {
        for index in values.indices { values[index] = nil }
    }

    /// Takes the members of a JSON object over those taken before. Members that are no column are left out. False when the object
    /// is malformed. The bytes must stay valid as long as the values are used.
    mutating func take(_ object: UnsafeRawBufferPointer) -> Bool {
        guard var cursor = JSONCursor(object), cursor.enter(UInt8(ascii: "{")) else { return false }
        var hint = 0
        while let (name, value) = cursor.nextMember() {
            guard let index = target.index(of: name, hint: hint) else { continue }
            values[index] = value
            hint = index + 1
        }
        return !cursor.isMalformed
    }

    /// Appends the key's values in the key's order, each with a mark behind it. False when one is missing or null.
    func appendKey(to key: inout ByteArena) -> Bool {
        for index in target.key {
            guard let value = values[index], !value.isJSONNull else { return false }
            key.append(value)
            // No JSON value contains it.
            key.append(0x1F)
        }
        return true
    }

    /// Appends columns as one line of COPY, without its end.
    func appendLine(_ columns: [Int], to line: inout ByteArena, scratch: inout ByteArena) {
        for (place, index) in columns.enumerated() {
            if place > 0 { line.append(UInt8(ascii: "\t")) }
            if let value = values[index] {
                line.appendCopyField(value, target.columns[index].form, scratch: &scratch)
            } else {
                line.append("\\N")
            }
        }
    }

    /// A column's text for a parameter; nil for NULL.
    func parameter(_ index: Int) throws(PostgresFailure) -> String? {
        guard let value = values[index], !value.isJSONNull else { return nil }
        var text = ByteArena(capacity: value.count)
        text.appendText(value, target.columns[index].form)
        if text.bytes.contains(0) {
            // A parameter's text ends there; the server would refuse it anyway.
            throw PostgresFailure(.data, "a text contains a zero byte (SQLSTATE 22021)", sqlState: "22021")
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
