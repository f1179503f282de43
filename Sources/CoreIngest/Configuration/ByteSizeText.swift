/// Sizes as people write them: `64MiB`, `10MB`, `1048576`.
package enum ByteSizeText {
    private static let units: [(name: String, factor: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1),
    ]

    /// Bytes; nil when malformed or beyond 63 bits.
    package static func parse(_ text: some StringProtocol) -> Int? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int(digits) else { return nil }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        if unit.isEmpty { return digits.count == text.count ? number : nil }
        guard let factor = units.first(where: { $0.name == unit })?.factor else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// The shortest exact form: in the largest binary unit that divides it.
    package static func text(_ bytes: Int) -> String {
        for unit in units.prefix(4) where bytes >= unit.factor && bytes.isMultiple(of: unit.factor) {
            return "\(bytes / unit.factor)\(unit.name)"
        }
        return String(bytes)
    }
}
