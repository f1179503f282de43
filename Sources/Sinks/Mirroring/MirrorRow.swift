import CoreIngest

/// Finds the columns' values in payloads. One per write and table, reused for every row.
struct MirrorRow {
    let shape: RowShape
    /// By column: where its JSON lies; nil where no payload had it.
    private(set) var values: [UnsafeRawBufferPointer?]

    init(_ shape: RowShape) {
        self.shape = shape
        values = Array(repeating: nil, count: shape.members.count)
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
            guard let index = shape.index(of: name, hint: hint) else { continue }
            values[index] = value
            hint = index + 1
        }
        return !cursor.isMalformed
    }

    /// Appends the key's values in the key's order, each with a mark behind it. False when one is missing or null.
    func appendKey(to key: inout ByteArena) -> Bool {
        for index in shape.key {
            guard let value = values[index], !value.isJSONNull else { return false }
            key.append(value)
            // No JSON value contains it.
            key.append(0x1F)
        }
        return true
    }
}
