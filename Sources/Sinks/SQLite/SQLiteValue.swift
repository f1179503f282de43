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
            if Self.append(hex: scratch.bytes, to: &bytes) { return try bind(index, blob: bytes.bytes) }
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

    /// Appends what `\x01ff` says; false when it is not of that form.
    private static func append(hex text: UnsafeRawBufferPointer, to bytes: inout ByteArena) -> Bool {
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            return false
        }
        bytes.reserve(text.count / 2)
        var at = 2
        while at < text.count {
            guard let high = nibble(text[at]), let low = nibble(text[at + 1]) else { return false }
            bytes.append(high << 4 | low)
            at += 2
        }
        return true
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        case 0x41...0x46: byte - 0x37
        default: nil
        }
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
