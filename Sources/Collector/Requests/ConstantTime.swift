/// Comparing secrets.
package enum ConstantTime {
    /// Whether two runs of bytes are equal, in a time that depends on their lengths only.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        var difference = UInt8(truncatingIfNeeded: one.count ^ other.count) | (one.count == other.count ? 0 : 1)
        for index in 0..<min(one.count, other.count) { difference |= one[index] ^ other[index] }
        return difference == 0
    }
}
