import CoreIngest
import Glibc

/// JSON values as statements carry them to a stage for columns of some type. All but numbers and truth values are in quotes, so that the
/// server reads each value by the type of its own column.
extension ByteArena {
    /// Appends a value, `NULL` for none and for JSON's null. False, with anything appended, where the column cannot hold it.
    ///
    /// `inKey`: no two values may become one.
    mutating func append(
        redshiftValue json: UnsafeRawBufferPointer?, _ type: RedshiftType, _ kind: StreamDescriptor.Kind, inKey: Bool,
        escapesBackslash: Bool, scratch: inout ByteArena
    ) -> Bool {
        guard let json, let first = json.first, !json.isJSONNull else {
            append("NULL")
            return true
        }
        let isString = first == UInt8(ascii: "\"") && kind != .json
        switch type.base {
        case .boolean:
            guard kind == .boolean else { return false }
            append(json)
            return true
        case .integer(let bits):
            guard !isString, let number = NumberText.integer(json), number >= Int64.min >> (64 - bits),
                number <= Int64.max >> (64 - bits)
            else { return false }
            append(json)
            return true
        case .decimal(let precision, let scale):
            // Redshift would round in silence. NaN is a string.
            guard !isString, DecimalText(json)?.fits(precision: precision, scale: scale) == true else { return false }
            append(quoted: json)
            return true
        case .double:
            guard !isString, let number = NumberText.double(json), number == 0 || abs(number) >= 1e-307 else {
                return false
            }
            append(quoted: json)
            return true
        case .varbyte(let most):
            // "\\x01ff"
            guard kind == .bytes, isString, json.count >= 5, json[1] == UInt8(ascii: "\\"),
                json[2] == UInt8(ascii: "\\"), json[3] == UInt8(ascii: "x"), (json.count - 5) / 2 <= most,
                json.count - 5 <= RedshiftType.mostText
            else { return false }
            append(quoted: UnsafeRawBufferPointer(rebasing: json[4..<json.count - 1]))
            return true
        case .parsed:
            guard json.count <= RedshiftType.mostText else { return false }
            append(redshiftText: json, escapesBackslash: escapesBackslash)
            return true
        case .char, .varchar, .date, .time, .timestamp, .timestampWithZone, .other: break
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
        switch type.base {
        case .date: return append(redshiftTime: text, RedshiftTypes.dates, hasTime: false, zone: "", inKey: inKey)
        case .timestamp: return append(redshiftTime: text, RedshiftTypes.times, hasTime: true, zone: "", inKey: inKey)
        case .timestampWithZone:
            return append(redshiftTime: text, RedshiftTypes.times, hasTime: true, zone: "+00", inKey: inKey)
        case .char(let most):
            guard text.allSatisfy({ $0 < 0x80 }), text.last != UInt8(ascii: " ") else { return false }
            return append(redshiftText: text, most: most, escapesBackslash)
        case .varchar(let most): return append(redshiftText: text, most: most, escapesBackslash)
        default: return append(redshiftText: text, most: RedshiftType.mostText, escapesBackslash)
        }
    }

    private mutating func append(redshiftText text: UnsafeRawBufferPointer, most: Int, _ escapes: Bool) -> Bool {
        // A zero byte ends a text to the server.
        guard text.count <= most, !text.contains(0) else { return false }
        append(redshiftText: text, escapesBackslash: escapes)
        return true
    }

    private mutating func append(quoted text: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "'"))
        append(text)
        append(UInt8(ascii: "'"))
    }

    /// Appends a date or a timestamp; one out of bounds as the bound, but not in a key.
    private mutating func append(
        redshiftTime text: UnsafeRawBufferPointer, _ bounds: ValueBounds, hasTime: Bool, zone: String, inKey: Bool
    ) -> Bool {
        guard let time = CalendarText(text) else { return false }
        append(UInt8(ascii: "'"))
        switch time {
        case .before, .after:
            append(text: time == .before ? bounds.least : bounds.most)
        case .time:
            guard text.count >= 10 else { return false }
            append(UnsafeRawBufferPointer(rebasing: text[..<10]))
            if hasTime, text.count > 11 {
                let end = text[text.count - 1] == UInt8(ascii: "Z") ? text.count - 1 : text.count
                append(UInt8(ascii: " "))
                append(UnsafeRawBufferPointer(rebasing: text[11..<end]))
            } else if hasTime {
                append(" 00:00:00")
            }
        }
        append(text: zone)
        append(UInt8(ascii: "'"))
        if case .time = time { return true }
        return !inKey
    }
}
