/// Times as clients write them.
package enum TimeText {
    /// Reads a date and time of RFC 3339 (section 5.6): microseconds since the Unix epoch. Digits of a second beyond the sixth are
    /// cut off; a leap second is the beginning of the next. Nil for anything else, days that do not exist included.
    package static func microseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t") || text[10] == 0x20, text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), let year = digits(text, 0, 4), let month = digits(text, 5, 2),
            let day = digits(text, 8, 2), let hour = digits(text, 11, 2), let minute = digits(text, 14, 2),
            let second = digits(text, 17, 2), (1...12).contains(month), day >= 1, day <= days(month, of: year),
            hour < 24,
            minute < 60, second <= 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if text[index] == UInt8(ascii: ".") {
            index += 1
            var count = 0
            while index < text.count, let digit = digits(text, index, 1) {
                if count < 6 { fraction = fraction * 10 + digit }
                count += 1
                index += 1
            }
            guard count > 0 else { return nil }
            while count < 6 {
                fraction *= 10
                count += 1
            }
        }
        guard index < text.count, let offset = zone(text, index) else { return nil }
        let seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + fraction
    }

    package static func microseconds(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { microseconds(UnsafeRawBufferPointer($0)) }
    }

    /// Reads a whole number of milliseconds since the Unix epoch, of at most 15 digits: microseconds.
    package static func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard (1...15).contains(text.count) else { return nil }
        return digits(text, 0, text.count).map { $0 * 1000 }
    }

    /// Seconds east of Greenwich.
    private static func zone(_ text: UnsafeRawBufferPointer, _ index: Int) -> Int64? {
        if text[index] | 0x20 == UInt8(ascii: "z") { return index + 1 == text.count ? 0 : nil }
        let sign: Int64 = text[index] == UInt8(ascii: "-") ? -1 : 1
        guard text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+"), text.count == index + 6,
            text[index + 3] == UInt8(ascii: ":"), let hour = digits(text, index + 1, 2),
            let minute = digits(text, index + 4, 2), hour < 24, minute < 60
        else { return nil }
        return sign * (hour * 3600 + minute * 60)
    }

    private static func digits(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int64? {
        var value: Int64 = 0
        for index in start..<start + count {
            guard text[index] &- 0x30 < 10 else { return nil }
            value = value * 10 + Int64(text[index] - 0x30)
        }
        return value
    }

    private static func days(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The inverse of what `ByteArena.append(timestamp:)` does: years begin on 1 March.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
