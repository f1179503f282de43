/// Durations as people write them: a whole number and a unit, `100ms`, `5s`, `2h`.
package enum DurationText {
    private static let units: [(name: String, factor: Int64)] = [
        ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1),
    ]

    /// Nil when malformed, without a unit, or beyond 63 bits of microseconds.
    package static func parse(_ text: some StringProtocol) -> Duration? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int64(digits) else { return nil }
        let unit = text.dropFirst(digits.count)
        guard let factor = units.first(where: { $0.name == unit })?.factor else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : .microseconds(product)
    }

    /// The shortest exact form, down to microseconds.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let micros = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        if micros == 0 { return "0s" }
        for unit in units where micros.isMultiple(of: unit.factor) { return "\(micros / unit.factor)\(unit.name)" }
        return "\(micros)us"
    }
}
