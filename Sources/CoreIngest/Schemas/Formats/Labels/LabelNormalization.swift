/// Normalization Form C of Unicode Standard Annex 15, for labels. Only marks need it: conjoining jamo may not stand in labels.
enum LabelNormalization {
    private typealias Scalars = InlineArray<256, UInt32>

    /// Whether a label of allowed code points is its own Normalization Form C.
    static func isComposed(_ label: LabelScalars) -> Bool {
        var scalars = Scalars(repeating: 0)
        var count = 0
        for index in 0..<label.count {
            guard decompose(label[index], into: &scalars, &count) else { return false }
        }
        order(&scalars, count)
        compose(&scalars, &count)
        return count == label.count && (0..<count).allSatisfy { scalars[$0] == label[$0] }
    }

    private static func decompose(_ value: UInt32, into scalars: inout Scalars, _ count: inout Int) -> Bool {
        // The first part of a pair may be a composite again; the second never is.
        var rest = InlineArray<4, UInt32>(repeating: 0)
        var depth = 0
        var first = value
        while depth < 4, let pair = LabelTables.compositions.first(where: { UInt32($0 & 0x1F_FFFF) == first }) {
            rest[depth] = UInt32(pair >> 21 & 0x1F_FFFF)
            depth += 1
            first = UInt32(pair >> 42)
        }
        guard count + depth < scalars.count else { return false }
        scalars[count] = first
        count += 1
        while depth > 0 {
            depth -= 1
            scalars[count] = rest[depth]
            count += 1
        }
        return true
    }

    /// Canonical order: marks that follow each other by combining class, those of the same class as they were.
    private static func order(_ scalars: inout Scalars, _ count: Int) {
        for index in 0..<count {
            let value = scalars[index]
            let rank = LabelScalar(value).combiningClass
            guard rank > 0 else { continue }
            var at = index
            while at > 0, LabelScalar(scalars[at - 1]).combiningClass > rank {
                scalars[at] = scalars[at - 1]
                at -= 1
            }
            scalars[at] = value
        }
    }

    private static func compose(_ scalars: inout Scalars, _ count: inout Int) {
        var kept = 0
        var starter: Int?
        var last: UInt32 = 0
        for index in 0..<count {
            let value = scalars[index]
            let rank = LabelScalar(value).combiningClass
            // Blocked by a mark between of the same or a higher class, or by another starter.
            if let starter, kept == starter + 1 || last < rank && last > 0,
                let composite = composite(scalars[starter], value)
            {
                scalars[starter] = composite
                continue
            }
            if rank == 0 { starter = kept }
            last = rank
            scalars[kept] = value
            kept += 1
        }
        count = kept
    }

    private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let key = UInt64(first) << 21 | UInt64(second)
        let table = LabelTables.compositions
        var low = 0
        var high = table.count
        while low < high {
            let middle = (low + high) / 2
            if table[middle] >> 21 < key { low = middle + 1 } else { high = middle }
        }
        return low < table.count && table[low] >> 21 == key ? UInt32(table[low] & 0x1F_FFFF) : nil
    }
}
