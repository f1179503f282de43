import CoreIngest

extension Statement {
    /// Binds a JSON value as a column of a kind stores it; NULL for none and for JSON's null.
    mutating func bind(
        _ index: Int, json: UnsafeRawBufferPointer?, _ kind: StreamDescriptor.Kind, scratch: inout ByteArena
    ) throws(StateError) {
        guard let json, let first = json.first, !json.isJSONNull else { return try bind(index, nil) }
        scratch.truncate(to: 0)
        switch kind {
        case .boolean where first != UInt8(ascii: "\""):
            return try bind(index, first == UInt8(ascii: "t") ? 1 : 0)
        case .integer:
            if let value = Int64(String(decoding: json, as: UTF8.self)) { return try bind(index, value) }
        case .float where first != UInt8(ascii: "\""):
            if let value = Double(String(decoding: json, as: UTF8.self)) { return try bind(index, double: value) }
        case .bytes where first == UInt8(ascii: "\""):
            scratch.appendUnescaped(json)
            var bytes = ByteArena(capacity: scratch.count / 2)
            if bytes.append(bytesOf: scratch.bytes) { return try bind(index, blob: bytes.bytes) }
            return try bind(index, text: scratch.bytes)
        case .json: return try bind(index, text: json)
        case .boolean, .float, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .bytes, .hstore,
            .enumeration, .array, .composite, .text:
            break
        }
        // Texts without their quotes; numbers, arrays and objects as JSON writes them.
        guard first == UInt8(ascii: "\"") else { return try bind(index, text: json) }
        if let plain = json.plainScalar { return try bind(index, text: plain) }
        scratch.appendUnescaped(json)
        try bind(index, text: scratch.bytes)
    }
}

/// A statement that is kept.
final class PreparedStatement {
    var statement: Statement

    init(_ database: SQLiteDatabase, _ sql: String) throws(StateError) { statement = try database.prepare(sql) }

    /// Runs it after `bind`, answers the rows that it changed, and readies it for the next time.
    func run(
        on database: SQLiteDatabase, _ bind: (inout Statement) throws(StateError) -> Void
    ) throws(StateError) -> Int {
        defer { statement.reset() }
        try bind(&statement)
        _ = try statement.step()
        return database.changes
    }
}
