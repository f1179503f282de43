/// Dates and times of RFC 3339, section 5.6, and durations of its appendix A.
extension SchemaFormat {
    /// `date-time`.
    static func isDateTime(_ text: FormatText) -> Bool {
        text[10] | 0x20 == UInt8(ascii: "t") && isDate(text.part(0, 10)) && isTime(text.part(11, text.end))
    }

    /// `full-date`, in the Gregorian calendar of all years.
    static func isDate(_ text: FormatText) -> Bool {
        let start = text.start
        guard text.count == 10, text[start + 4] == UInt8(ascii: "-"), text[start + 7] == UInt8(ascii: "-"),
            let year = text.number(at: start, digits: 4), let month = text.number(at: start + 5, digits: 2),
            let day = text.number(at: start + 8, digits: 2), month >= 1, month <= 12, day >= 1
        else { return false }
        if month == 2 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            return day <= (isLeap ? 29 : 28)
        }
        // 30 days have April, June, September and November.
        return day <= 30 + (month + month >> 3) & 1
    }

    /// `full-time`: it has an offset, and second 60 only at 23:59:60 in UTC.
    static func isTime(_ text: FormatText) -> Bool {
        let start = text.start
        guard text[start + 2] == UInt8(ascii: ":"), text[start + 5] == UInt8(ascii: ":"),
            let hour = text.number(at: start, digits: 2), let minute = text.number(at: start + 3, digits: 2),
            let second = text.number(at: start + 6, digits: 2), hour < 24, minute < 60, second <= 60
        else { return false }
        var index = start + 8
        if text[index] == UInt8(ascii: ".") {
            index += 1
            guard text.skipDigits(&index) else { return false }
        }
        var offset = 0
        if text[index] | 0x20 == UInt8(ascii: "z") {
            if index + 1 != text.end { return false }
        } else {
            guard text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-"), index + 6 == text.end,
                text[index + 3] == UInt8(ascii: ":"), let hours = text.number(at: index + 1, digits: 2),
                let minutes = text.number(at: index + 4, digits: 2), hours < 24, minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (text[index] == UInt8(ascii: "-") ? -1 : 1)
        }
        let day = 24 * 60
        return second < 60 || (hour * 60 + minute - offset + 2 * day) % day == day - 1
    }

    /// `duration`: weeks alone, or units that follow each other without a gap, each of digits.
    static func isDuration(_ text: FormatText) -> Bool {
        var index = text.start + 1
        guard text[text.start] == UInt8(ascii: "P") else { return false }
        if text[index] != UInt8(ascii: "T") {
            var week = index
            if text.skipDigits(&week), text[week] == UInt8(ascii: "W") { return week + 1 == text.end }
            guard skipUnits(text, &index, "YMD") else { return false }
        }
        if text[index] == UInt8(ascii: "T") {
            index += 1
            guard skipUnits(text, &index, "HMS") else { return false }
        }
        return index == text.end
    }

    /// One or more amounts: the first in any of the units, each later one in the next.
    private static func skipUnits(_ text: FormatText, _ index: inout Int, _ units: StaticString) -> Bool {
        var next = 0
        while text.skipDigits(&index) {
            guard let unit = (0..<3).first(where: { units.utf8Start[$0] == text[index] }), next == 0 || unit == next
            else { return false }
            next = unit + 1
            index += 1
        }
        return next > 0
    }
}
