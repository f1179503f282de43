/// A date or timestamp as payloads have it (docs/types.md), read so that a destination can store it in a form of its own.
package enum CalendarText: Equatable, Sendable {
    /// A time of our era up to the year 9999: days since 1970-01-01, and microseconds of the day.
    case time(days: Int32, microseconds: Int64)
    /// `-infinity`, or before our era.
    case before
    /// `infinity`, or after the year 9999.
    case after

    /// Reads a string's text without its quotes; nil where it is not of these forms.
    package init?(_ text: UnsafeRawBufferPointer) {
        switch text.first {
        case UInt8(ascii: "i")?: self = .after
        case UInt8(ascii: "-")?: self = .before
        default:
            if text.count > 3, text[text.count - 1] == UInt8(ascii: "C"), text[text.count - 2] == UInt8(ascii: "B") {
                self = .before
                return
            }
            var at = 0
            guard let year = Self.digits(text, &at, 4...7), at < text.count, text[at] == UInt8(ascii: "-") else {
                return nil
            }
            if year > 9999 {
                self = .after
                return
            }
            at += 1
            guard let month = Self.digits(text, &at, 2...2), at < text.count, text[at] == UInt8(ascii: "-") else {
                return nil
            }
            at += 1
            guard let day = Self.digits(text, &at, 2...2), (1...12).contains(month), (1...31).contains(day) else {
                return nil
            }
            let days = Self.days(year, month, day)
            if at == text.count {
                self = .time(days: days, microseconds: 0)
                return
            }
            guard let microseconds = Self.timeOfDay(text, from: at + 1) else { return nil }
            self = .time(days: days, microseconds: microseconds)
        }
    }

    /// Microseconds since 1970-01-01, for a time.
    package var microsecondsSinceEpoch: Int64? {
        guard case .time(let days, let microseconds) = self else { return nil }
        return Int64(days) * 86_400_000_000 + microseconds
    }

    /// `03:04:05.123456`, perhaps with a `Z` behind it.
    private static func timeOfDay(_ text: UnsafeRawBufferPointer, from start: Int) -> Int64? {
        var at = start
        guard let hour = digits(text, &at, 2...2), at < text.count, text[at] == UInt8(ascii: ":") else { return nil }
        at += 1
        guard let minute = digits(text, &at, 2...2), at < text.count, text[at] == UInt8(ascii: ":") else { return nil }
        at += 1
        guard let second = digits(text, &at, 2...2), hour <= 24, minute < 60, second <= 60 else { return nil }
        var fraction: Int64 = 0
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            let first = at
            guard let read = digits(text, &at, 1...6) else { return nil }
            fraction = Int64(read)
            for _ in (at - first)..<6 { fraction *= 10 }
        }
        guard at == text.count || at == text.count - 1 && text[at] == UInt8(ascii: "Z") else { return nil }
        return Int64(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
    }

    private static func digits(_ text: UnsafeRawBufferPointer, _ at: inout Int, _ count: ClosedRange<Int>) -> Int? {
        var value = 0
        let start = at
        while at < text.count, at - start < count.upperBound, text[at] >= 0x30, text[at] <= 0x39 {
            value = value * 10 + Int(text[at] - 0x30)
            at += 1
        }
        return count.contains(at - start) ? value : nil
    }

    /// Days since 1970-01-01 in the Gregorian calendar: years are counted from March, so that the leap day is a year's last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int32 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return Int32(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }
}
