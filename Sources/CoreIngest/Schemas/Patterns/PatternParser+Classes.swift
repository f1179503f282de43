/// What stands in square brackets.
extension PatternParser {
    /// At the bracket. `[]` takes nothing, `[^]` everything; a bracket inside stands for itself.
    mutating func characterClass() throws(PatternError) -> ScalarSet {
        let begin = at
        at += 1
        let isNegated = take("^")
        var ranges: [ScalarSet.Range] = []
        while true {
            guard let byte = peek else {
                throw PatternError(.malformed, at: begin, "a class that is not closed by ']'")
            }
            if byte == UInt8(ascii: "]") { break }
            let from = at
            let low = try member()
            guard peek == UInt8(ascii: "-"), at + 1 < source.count, source[at + 1] != UInt8(ascii: "]") else {
                ranges += low.ranges
                continue
            }
            at += 1
            let high = try member()
            guard let first = low.single, let last = high.single else {
                // A class on either side: the hyphen stands for itself.
                ranges += low.ranges + high.ranges
                ranges.append(ScalarSet.Range(low: 0x2D, high: 0x2D))
                continue
            }
            guard first <= last else {
                throw PatternError(.malformed, at: from, "a range of a class that is out of order")
            }
            ranges.append(ScalarSet.Range(low: first, high: last))
        }
        at += 1
        let set = ScalarSet(ranges)
        return isNegated ? set.complement : set
    }

    private mutating func member() throws(PatternError) -> ScalarSet {
        guard peek == UInt8(ascii: "\\") else { return ScalarSet(source.takeScalar(&at)) }
        if take("\\b") { return ScalarSet(0x08) }
        if take("\\-") { return ScalarSet(0x2D) }
        if let set = try classEscape() { return try counted(set) }
        return ScalarSet(try characterEscape())
    }
}
