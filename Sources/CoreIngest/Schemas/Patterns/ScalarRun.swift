/// A text of so many characters of one set: `^[a-z]{1,20}$`.
struct ScalarRun: Hashable, Sendable {
    private let characters: ScalarSet
    /// The set's part of ASCII, a bit each.
    private let low: UInt64
    private let high: UInt64
    /// Whether the set has all that is not ASCII, or nothing of it.
    private let hasAllOthers: Bool
    private let hasNoOthers: Bool
    private let least: Int
    private let most: Int

    init(_ set: ScalarSet, least: Int, most: Int?) {
        characters = set
        self.least = least
        self.most = most ?? .max
        var bits: [UInt64] = [0, 0]
        for byte in UInt32(0)..<128 where set.contains(byte) { bits[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
        (low, high) = (bits[0], bits[1])
        hasNoOthers = (set.ranges.last?.high ?? 0) < 0x80
        hasAllOthers = set.ranges.last.map { $0.low <= 0x80 && $0.high == ScalarSet.last } ?? false
    }

    var byteCount: Int { characters.ranges.count * MemoryLayout<ScalarSet.Range>.stride }

    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        // A character has one to four bytes.
        if text.count < least { return false }
        var count = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                guard (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1 else { return false }
                index &+= 1
            } else if hasNoOthers {
                return false
            } else {
                let scalar = text.takeScalar(&index)
                guard hasAllOthers || characters.contains(scalar) else { return false }
            }
            count &+= 1
            if count > most { return false }
        }
        return count >= least
    }
}
