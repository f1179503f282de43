/// A set of code points: sorted ranges that neither overlap nor touch. Surrogates are code points like others, which
/// no text has.
struct ScalarSet: Hashable, Sendable {
    static let last: UInt32 = 0x10FFFF

    struct Range: Hashable, Sendable {
        var low: UInt32
        var high: UInt32
    }

    private(set) var ranges: [Range]

    /// The ranges in any order; they may overlap.
    init(_ ranges: [Range] = []) {
        self.ranges = []
        self.ranges.reserveCapacity(ranges.count)
        for range in ranges.sorted(by: { $0.low < $1.low }) {
            if let end = self.ranges.last?.high, range.low <= end &+ 1 {
                self.ranges[self.ranges.count - 1].high = max(end, range.high)
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ scalar: UInt32) { ranges = [Range(low: scalar, high: scalar)] }

    init(_ low: UInt32, _ high: UInt32) { ranges = [Range(low: low, high: high)] }

    /// From the lengths of gaps and runs in turn, as `scripts/patterns/tables.mjs` writes them.
    init(runs: StaticString) {
        ranges = []
        runs.withUTF8Buffer { text in
            var point: UInt32 = 0
            var number: UInt32 = 0
            var shift: UInt32 = 0
            var inside = false
            for byte in text where byte >= 0x30 {
                let digit = UInt32(byte - 0x30)
                number |= (digit & 31) << shift
                if digit >= 32 {
                    shift += 5
                    continue
                }
                if inside { ranges.append(Range(low: point, high: point + number - 1)) }
                inside.toggle()
                point += number
                number = 0
                shift = 0
            }
        }
    }

    var isEmpty: Bool { ranges.isEmpty }
    var isAll: Bool { ranges == Self.all.ranges }
    /// The one code point of the set, if it has one only.
    var single: UInt32? {
        guard ranges.count == 1, ranges[0].low == ranges[0].high else { return nil }
        return ranges[0].low
    }

    var complement: ScalarSet {
        var gaps: [Range] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.low > next { gaps.append(Range(low: next, high: range.low - 1)) }
            next = range.high + 1
        }
        if next <= Self.last { gaps.append(Range(low: next, high: Self.last)) }
        return ScalarSet(gaps)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].high < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].low <= scalar
    }
}
