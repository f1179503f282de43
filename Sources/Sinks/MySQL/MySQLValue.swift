import CoreIngest

/// JSON values as statements carry them to columns of some form.
extension ByteArena {
    /// Appends a value, `NULL` for none and for JSON's null. False, with anything appended, where the column cannot hold it.
    ///
    /// `inKey`: no two values may become one.
    mutating func append(
        mysqlValue json: UnsafeRawBufferPointer?, _ form: MySQLType.Form, _ kind: StreamDescriptor.Kind, inKey: Bool,
        scratch: inout ByteArena
    ) -> Bool {
        guard let json, let first = json.first, !json.isJSONNull else {
            append("NULL")
            return true
        }
        let isString = first == UInt8(ascii: "\"") && kind != .json
        switch form {
        case .boolean:
            guard !isString else { return false }
            append(json)
            return true
        case .number(let type):
            // NaN and infinities are strings.
            guard !isString, Self.holds(json, type, inKey: inKey) else { return false }
            append(json)
            return true
        case .bytes where kind == .bytes && isString:
            // "\\x01ff" becomes x'01ff'.
            guard json.count >= 5, json[1] == UInt8(ascii: "\\"), json[2] == UInt8(ascii: "\\"),
                json[3] == UInt8(ascii: "x")
            else { return false }
            append("x'")
            append(UnsafeRawBufferPointer(rebasing: json[4..<json.count - 1]))
            append(UInt8(ascii: "'"))
            return true
        case .text, .bytes, .date, .time, .datetime: break
        }
        var text = json
        if isString {
            if let plain = json.plainScalar {
                text = plain
            } else {
                scratch.truncate(to: 0)
                scratch.appendUnescaped(json)
                text = scratch.bytes
            }
        }
        switch form {
        case .date: return append(mysqlTime: text, MySQLTypes.dates, hasTime: false, inKey: inKey)
        case .datetime: return append(mysqlTime: text, MySQLTypes.times, hasTime: true, inKey: inKey)
        case .text, .bytes, .time, .boolean, .number: append(mysqlText: text)
        }
        return true
    }

    /// Whether a column has all of a number's digits: MySQL would round those behind the point in silence.
    private static func holds(_ number: UnsafeRawBufferPointer, _ type: MySQLType, inKey: Bool) -> Bool {
        guard case .decimal(let precision, let scale) = type.base else { return true }
        return DecimalText(number)?.fits(precision: precision, scale: scale) ?? false
    }

    /// Appends a date or a timestamp; one out of bounds as the bound, but not in a key.
    private mutating func append(
        mysqlTime text: UnsafeRawBufferPointer, _ bounds: ValueBounds, hasTime: Bool, inKey: Bool
    ) -> Bool {
        guard let time = CalendarText(text) else { return false }
        var bound: String?
        switch time {
        case .before: bound = bounds.least
        case .after: bound = bounds.most
        case .time:
            guard text.count >= 10 else { return false }
            if text[0] == UInt8(ascii: "0") { bound = bounds.least }
        }
        if let bound {
            append(UInt8(ascii: "'"))
            append(text: bound)
            append(UInt8(ascii: "'"))
            return !inKey
        }
        append(UInt8(ascii: "'"))
        append(UnsafeRawBufferPointer(rebasing: text[..<10]))
        if hasTime, text.count > 11 {
            let end = text[text.count - 1] == UInt8(ascii: "Z") ? text.count - 1 : text.count
            append(UInt8(ascii: " "))
            append(UnsafeRawBufferPointer(rebasing: text[11..<end]))
        }
        append(UInt8(ascii: "'"))
        return true
    }
}
