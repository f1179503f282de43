/// Numbers as people read them.
enum Quantity {
    /// `17 B`, `1.5 MiB`
    static func bytes(_ count: some BinaryInteger) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\((value * 10).rounded() / 10) \(units[unit])"
    }

    /// `0.4 s`, `90 s`, `12 min`, `5 h`, `3 d`
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<10: "\((max(0, seconds) * 10).rounded() / 10) s"
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        case ..<8_640_000_000: "\(Int(seconds / 86_400)) d"
        default: "?"
        }
    }
}
