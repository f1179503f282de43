/// The string formats that are asserted, each written by hand after its source. Others are annotations.
enum SchemaFormat: UInt32, CaseIterable {
    case dateTime, date, time, uuid, ipv4, email

    init?(name: String, dialect: SchemaDialect) {
        switch name {
        case "date-time": self = .dateTime
        case "date": self = .date
        case "time": self = .time
        case "uuid": self = .uuid
        case "ipv4": self = .ipv4
        case "email": self = .email
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .dateTime: "date-time"
        case .date: "date"
        case .time: "time"
        case .uuid: "uuid"
        case .ipv4: "ipv4"
        case .email: "email"
        }
    }

    /// `text`: the string's value.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .dateTime:
            guard text.count >= 20, text[10] | 0x20 == UInt8(ascii: "t") else { return false }
            return Self.isDate(text[0..<10]) && Self.isTime(text[11...])
        case .date: return Self.isDate(text[...])
        case .time: return Self.isTime(text[...])
        case .uuid: return Self.isUUID(text)
        case .ipv4: return Self.isIPv4(text[...])
        case .email: return Self.isEmail(text)
        }
    }

    private typealias Part = Slice<UnsafeRawBufferPointer>

    private static func number(_ text: Part, _ start: Int, _ digits: Int) -> Int? {
        guard start >= text.startIndex, start + digits <= text.endIndex else { return nil }
        var value = 0
        for index in start..<start + digits {
            guard text[index] &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(text[index] &- 0x30)
        }
        return value
    }

    /// RFC 3339, full-date.
    private static func isDate(_ text: Part) -> Bool {
        let start = text.startIndex
        guard text.count == 10, text[start + 4] == UInt8(ascii: "-"), text[start + 7] == UInt8(ascii: "-"),
            let year = number(text, start, 4), let month = number(text, start + 5, 2),
            let day = number(text, start + 8, 2),
            (1...12).contains(month), day >= 1
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day <= lengths[month - 1]
    }

    /// RFC 3339, full-time: an offset is needed; second 60 only where it is 23:59:60 in UTC.
    private static func isTime(_ text: Part) -> Bool {
        let start = text.startIndex
        guard text.count >= 9, text[start + 2] == UInt8(ascii: ":"), text[start + 5] == UInt8(ascii: ":"),
            let hour = number(text, start, 2), let minute = number(text, start + 3, 2),
            let second = number(text, start + 6, 2),
            hour < 24, minute < 60, second <= 60
        else { return false }
        var index = start + 8
        if text[index] == UInt8(ascii: ".") {
            index += 1
            let fraction = index
            while index < text.endIndex, text[index] &- 0x30 < 10 { index += 1 }
            if index == fraction { return false }
        }
        guard index < text.endIndex else { return false }
        var offset = 0
        if text[index] | 0x20 == UInt8(ascii: "z") {
            if index + 1 != text.endIndex { return false }
        } else {
            guard text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-"), index + 6 == text.endIndex,
                text[index + 3] == UInt8(ascii: ":"), let hours = number(text, index + 1, 2),
                let minutes = number(text, index + 4, 2), hours < 24, minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (text[index] == UInt8(ascii: "-") ? -1 : 1)
        }
        return second < 60 || (hour * 60 + minute - offset + 2880) % 1440 == 1439
    }

    /// RFC 4122.
    private static func isUUID(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == 36 else { return false }
        for index in 0..<36 {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                if text[index] != UInt8(ascii: "-") { return false }
            } else if JSONString.hexValue(text[index]) == nil {
                return false
            }
        }
        return true
    }

    /// RFC 2673, section 3.2: four decimal numbers, no leading zeros.
    private static func isIPv4(_ text: Part) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return false }
        return parts.allSatisfy { part in
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = number(part, part.startIndex, part.count)
            else { return false }
            return value < 256
        }
    }

    /// RFC 5321, section 4.1.2, mailbox.
    private static func isEmail(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let at = text.lastIndex(of: UInt8(ascii: "@")), at > 0, at + 1 < text.count else { return false }
        let local = text[..<at]
        let domain = text[(at + 1)...]
        if local.first == UInt8(ascii: "\"") {
            guard isQuoted(local) else { return false }
        } else {
            let atoms = local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isAtomText) }) else { return false }
        }
        if domain.first == UInt8(ascii: "[") {
            guard domain.last == UInt8(ascii: "]") else { return false }
            let literal = domain.dropFirst().dropLast()
            if literal.count > 5, literal.prefix(5).elementsEqual("IPv6:".utf8) {
                return literal.dropFirst(5).allSatisfy {
                    JSONString.hexValue($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }
            }
            return isIPv4(literal)
        }
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isQuoted(_ local: Part) -> Bool {
        guard local.count >= 2, local.last == UInt8(ascii: "\"") else { return false }
        var index = local.startIndex + 1
        while index < local.endIndex - 1 {
            if local[index] == UInt8(ascii: "\\") {
                index += 1
                if index == local.endIndex - 1 { return false }
            } else if local[index] == UInt8(ascii: "\"") {
                return false
            }
            if local[index] < 0x20 || local[index] > 0x7E { return false }
            index += 1
        }
        return true
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }
}
