import CoreIngest

/// JSON values as COPY's text format carries them to columns of Materialize.
extension ByteArena {
    /// Appends a value, `\N` for none and for JSON's null. False, with anything appended, where the column cannot hold it.
    ///
    /// `inKey`: no two values may become one.
    mutating func append(
        materializeValue json: UnsafeRawBufferPointer?, _ type: MaterializeType, _ kind: StreamDescriptor.Kind,
        inKey: Bool, scratch: inout ByteArena
    ) -> Bool {
        guard let json, let first = json.first, !json.isJSONNull else {
            append("\\N")
            return true
        }
        var text = json
        if first == UInt8(ascii: "\""), kind != .json {
            if let plain = json.plainScalar {
                text = plain
            } else {
                scratch.truncate(to: 0)
                scratch.appendUnescaped(json)
                text = scratch.bytes
            }
        }
        switch type {
        case .date: return append(materializeTime: text, MaterializeTypes.dates, type, inKey: inKey)
        case .timestamp, .timestamptz:
            return append(materializeTime: text, MaterializeTypes.times, type, inKey: inKey)
        case .time where text.starts(with: "24".utf8): return false
        case .integer(let bits) where !Self.holds(text, bits): return false
        case .numeric where !Self.holds(decimal: text): return false
        case .boolean, .numeric, .text, .uuid, .bytea, .time, .integer, .float, .other: appendCopyEscaped(text)
        }
        return true
    }

    private static func holds(_ number: UnsafeRawBufferPointer, _ bits: Int) -> Bool {
        guard let value = NumberText.integer(number) else { return false }
        return bits >= 64 || value >= -(1 << (bits - 1)) && value < 1 << (bits - 1)
    }

    private static func holds(decimal text: UnsafeRawBufferPointer) -> Bool {
        if text.elementsEqual("NaN".utf8) { return true }
        guard let number = DecimalText(text) else { return false }
        return number.whole + number.fraction <= MaterializeTypes.mostDigits
    }

    /// Appends a date or a timestamp; one out of bounds as the bound, but not in a key.
    private mutating func append(
        materializeTime text: UnsafeRawBufferPointer, _ bounds: ValueBounds, _ type: MaterializeType, inKey: Bool
    ) -> Bool {
        guard let time = CalendarText(text) else { return false }
        switch time {
        case .before: append(text: bounds.least)
        case .after: append(text: bounds.most)
        case .time:
            append(UnsafeRawBufferPointer(rebasing: text.prefix(10)))
            if type != .date, text.count > 11 {
                let end = text[text.count - 1] == UInt8(ascii: "Z") ? text.count - 1 : text.count
                append(UInt8(ascii: " "))
                append(UnsafeRawBufferPointer(rebasing: text[11..<end]))
            }
            if type == .timestamptz { append("+00") }
            return true
        }
        if type == .timestamptz { append("+00") }
        return !inKey
    }
}
