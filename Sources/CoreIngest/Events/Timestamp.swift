#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Time as microseconds since the Unix epoch, and its ISO 8601 form.
public enum Timestamp {
    /// Now, by the wall clock.
    public static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Microseconds from 1970-01-01 to 2000-01-01, where Postgres counts from.
    public static let postgresEpoch: Int64 = 946_684_800_000_000

    /// `2026-11-21T01:42:57.123456Z`
    public static func text(_ microseconds: Int64) -> String {
        var arena = ByteArena(capacity: 32)
        arena.append(timestamp: microseconds)
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}

extension ByteArena {
    /// Appends `2026-11-21T01:42:57.123456Z`, without quotes. Proleptic Gregorian, UTC; years beyond 0 to 9999 have a sign and
    /// six digits.
    public mutating func append(timestamp microseconds: Int64) {
        let day: Int64 = 86_400_000_000
        var days = microseconds / day
        var rest = microseconds % day
        if rest < 0 {
            rest += day
            days -= 1
        }
        // Days to civil date, after Howard Hinnant's algorithm: eras of 400 years that begin on 1 March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        if (0...9999).contains(year) {
            append(digits: year, width: 4)
        } else {
            // ISO 8601's expanded form, as ECMA-262 has it. A Postgres of today writes no such commit time.
            append(year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            append(digits: abs(year), width: 6)
        }
        append(UInt8(ascii: "-"))
        append(digits: month, width: 2)
        append(UInt8(ascii: "-"))
        append(digits: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, width: 2)
        append(UInt8(ascii: "T"))
        append(digits: rest / 3_600_000_000, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: rest / 60_000_000 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: rest / 1_000_000 % 60, width: 2)
        append(UInt8(ascii: "."))
        append(digits: rest % 1_000_000, width: 6)
        append(UInt8(ascii: "Z"))
    }

    private mutating func append(digits value: Int64, width: Int) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: value / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }
}
