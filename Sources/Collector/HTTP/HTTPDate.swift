import CoreIngest

/// Dates as HTTP writes them (RFC 9110, section 5.6.7): `Sat, 21 Nov 2026 05:35:00 GMT`.
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Replaces what `arena` holds by a date. `second`: since the Unix epoch.
    static func write(_ second: Int64, to arena: inout ByteArena) {
        arena.truncate(to: 0)
        arena.append(text: text(second))
    }

    /// `second`: since the Unix epoch.
    package static func text(_ second: Int64) -> String {
        // `2026-11-21T05:35:00.000000Z`
        let iso = Array(Timestamp.text(second * 1_000_000).utf8)
        guard iso.count == 27 else { return "" }
        func slice(_ range: Range<Int>) -> String { String(decoding: iso[range], as: UTF8.self) }
        let day = Int(((second / 86_400) % 7 + 7) % 7)
        let month = Int(slice(5..<7)) ?? 1
        return "\(days[day]), \(slice(8..<10)) \(months[month - 1]) \(slice(0..<4)) \(slice(11..<19)) GMT"
    }
}
