/// Groups are counted before all else: a backreference may stand before its group.
extension PatternParser {
    static func count(_ source: UnsafeRawBufferPointer, _ names: inout [String: Int]) throws(PatternError) -> Int {
        var groups = 0
        var inClass = false
        var at = 0
        while at < source.count {
            let byte = source[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\\"): at += 1
            case UInt8(ascii: "["): inClass = true
            case UInt8(ascii: "]"): inClass = false
            case UInt8(ascii: "(") where !inClass:
                guard at < source.count, source[at] == UInt8(ascii: "?") else {
                    groups += 1
                    continue
                }
                let rest = source[min(at + 1, source.count)...]
                guard rest.first == UInt8(ascii: "<") else { continue }
                let next = rest.dropFirst().first
                if next == UInt8(ascii: "=") || next == UInt8(ascii: "!") { continue }
                groups += 1
                let text = rest.dropFirst().prefix { $0 != UInt8(ascii: ">") }
                let name = String(decoding: text, as: UTF8.self)
                if names.updateValue(groups, forKey: name) != nil {
                    throw PatternError(.malformed, at: at - 1, "a second group of the same name")
                }
            default: break
            }
        }
        return groups
    }

    /// The name of a group up to its `>`: an identifier of ECMA-262. The `<` is behind.
    mutating func name() throws(PatternError) -> String {
        let begin = at
        while let byte = peek, byte != UInt8(ascii: ">") {
            let scalar = source.takeScalar(&at)
            let isPart =
                ScalarSet.word.contains(scalar) || scalar == 0x24
                || (byte >= 0x80 && Unicode.Scalar(scalar)?.properties.isXIDContinue == true)
            guard isPart else { throw PatternError(.malformed, at: begin, "the name of a group must be an identifier") }
        }
        let text = source[begin..<at]
        guard take(">"), let first = text.first, !(first >= 0x30 && first <= 0x39) else {
            throw PatternError(.malformed, at: begin, "the name of a group must be an identifier, closed by '>'")
        }
        return String(decoding: text, as: UTF8.self)
    }
}
