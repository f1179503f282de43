import CoreIngest

/// Why a value has no place in its column. Names the column, never the value.
struct ValueRefusal: Error {
    var message: String
}

/// Values of payloads as fields of a row's message.
extension ByteArena {
    /// Appends a column's value; nothing where it is NULL. `json`: as the payload has it.
    mutating func append(
        field: Int, _ json: UnsafeRawBufferPointer?, _ column: StreamDescriptor.Column, as type: BigQueryType,
        scratch: inout ByteArena
    ) throws(ValueRefusal) {
        guard let json, let first = json.first, !json.isJSONNull else { return }
        let isText = first == UInt8(ascii: "\"")
        if type == .string, !isText || column.kind.isStructured { return append(field: field, bytes: json) }
        guard isText else { return try append(field: field, cell: json, column, as: type) }
        if let plain = json.plainScalar { return try append(field: field, cell: plain, column, as: type) }
        scratch.truncate(to: 0)
        scratch.appendUnescaped(json)
        try append(field: field, cell: scratch.bytes, column, as: type)
    }

    /// Appends what a text says.
    private mutating func append(
        field: Int, cell text: UnsafeRawBufferPointer, _ column: StreamDescriptor.Column, as type: BigQueryType
    ) throws(ValueRefusal) {
        switch type {
        case .bool: append(field: field, varint: text.first == UInt8(ascii: "t") ? 1 : 0)
        case .int64:
            guard let value = Int64(String(decoding: text, as: UTF8.self)) else { throw Self.refusal(column, type) }
            append(field: field, integer: value)
        case .float64:
            guard let value = Double(String(decoding: text, as: UTF8.self)) else { throw Self.refusal(column, type) }
            append(field: field, double: value)
        case .numeric, .bignumeric:
            // NaN and infinities are words.
            guard let last = text.last, (0x30...0x39).contains(last) else { throw Self.refusal(column, type) }
            append(field: field, bytes: text)
        case .string: append(field: field, bytes: text)
        case .bytes:
            var bytes = ByteArena(capacity: text.count / 2)
            guard bytes.append(bytesOf: text) else { throw Self.refusal(column, type) }
            append(field: field, bytes: bytes.bytes)
        case .date:
            guard text.count == 10, CivilTime.isDate(text) else { throw Self.refusal(column, type) }
            append(field: field, bytes: text)
        case .time:
            guard CivilTime.isTime(text) else { throw Self.refusal(column, type) }
            append(field: field, bytes: text)
        case .datetime:
            guard CivilTime.microseconds(text, zone: false) != nil else { throw Self.refusal(column, type) }
            append(field: field, bytes: text)
        case .timestamp:
            guard let value = CivilTime.microseconds(text, zone: true) else { throw Self.refusal(column, type) }
            append(field: field, integer: value)
        }
    }

    private static func refusal(_ column: StreamDescriptor.Column, _ type: BigQueryType) -> ValueRefusal {
        ValueRefusal(message: "column \(column.name) holds a value that \(type) of BigQuery cannot have")
    }

    /// Appends a key's value as a query answered it.
    mutating func append(field: Int, key text: String, as type: BigQueryType) {
        switch type {
        case .bool: append(field: field, varint: text == "true" ? 1 : 0)
        case .int64, .timestamp: append(field: field, integer: Int64(text) ?? 0)
        case .float64, .numeric, .bignumeric, .string, .bytes, .date, .time, .datetime: append(field: field, text: text)
        }
    }
}

extension StreamDescriptor.Kind {
    /// Kept as the JSON that it is.
    var isStructured: Bool {
        switch self {
        case .json, .array, .composite, .hstore: true
        case .boolean, .integer, .float, .numeric, .string, .uuid, .date, .time, .timestamp, .interval, .bytes,
            .enumeration, .text:
            false
        }
    }
}

/// Days and times of the years 1 to 9999, in the form that payloads have them.
enum CivilTime {
    /// Microseconds since the Unix epoch of `2026-01-02T03:04:05.123456`, with `Z` behind or not; nil for what is none.
    static func microseconds(_ text: UnsafeRawBufferPointer, zone: Bool) -> Int64? {
        guard text.count >= 19, isDate(text), text[10] == UInt8(ascii: "T") else { return nil }
        if zone, text[text.count - 1] != UInt8(ascii: "Z") { return nil }
        let clock = UnsafeRawBufferPointer(rebasing: text[11..<(text.count - (zone ? 1 : 0))])
        guard isTime(clock) else { return nil }
        let seconds = number(clock, 0..<2) * 3600 + number(clock, 3..<5) * 60 + number(clock, 6..<8)
        var fraction: Int64 = 0
        if clock.count > 9 {
            fraction = number(clock, 9..<clock.count)
            for _ in (clock.count - 9)..<6 { fraction *= 10 }
        }
        return (days(text) * 86_400 + seconds) * 1_000_000 + fraction
    }

    /// Whether the first ten bytes are a day of the years 1 to 9999.
    static func isDate(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-") else { return false }
        return areDigits(text, 0..<4) && areDigits(text, 5..<7) && areDigits(text, 8..<10) && number(text, 0..<4) > 0
    }

    /// `03:04:05`, with a fraction of up to six digits or not. 24:00:00 is none.
    static func isTime(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == 8 || (10...15).contains(text.count), text[2] == UInt8(ascii: ":"),
            text[5] == UInt8(ascii: ":")
        else { return false }
        guard areDigits(text, 0..<2), areDigits(text, 3..<5), areDigits(text, 6..<8), number(text, 0..<2) < 24 else {
            return false
        }
        return text.count == 8 || text[8] == UInt8(ascii: ".") && areDigits(text, 9..<text.count)
    }

    private static func areDigits(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        range.allSatisfy { (0x30...0x39).contains(text[$0]) }
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64 {
        range.reduce(0) { $0 * 10 + Int64(text[$1] &- 0x30) }
    }

    /// Days since 1970-01-01, after Howard Hinnant's algorithm: years that begin in March.
    private static func days(_ text: UnsafeRawBufferPointer) -> Int64 {
        let month = number(text, 5..<7)
        let year = number(text, 0..<4) - (month > 2 ? 0 : 1)
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + number(text, 8..<10) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
