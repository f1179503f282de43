/// Reads the grammar of ECMA-262 section 22.2.1 in Unicode mode, and of its Annex B what schemas rely on: `{`, `}`
/// and `]` that close nothing stand for themselves, a `-` beside a class like `\w` too, and an assertion that looks
/// ahead may be repeated. A letter behind a backslash that means nothing is an error, as Unicode mode has it: `\A`
/// and `\Z` of other languages would match something else.
struct PatternParser {
    let source: UnsafeRawBufferPointer
    var at = 0
    /// Groups opened so far, and in all.
    var groups = 0
    let allGroups: Int
    /// Numbers of the named groups.
    let names: [String: Int]
    private var depth = 0
    private var ranges = 0

    static func parse(_ source: UnsafeRawBufferPointer) throws(PatternError) -> PatternTree {
        guard source.count <= PatternLimits.bytes else {
            throw PatternError(.tooLarge, at: 0, "the pattern has more than \(PatternLimits.bytes) bytes")
        }
        var parser = try PatternParser(source)
        let tree = try parser.alternatives()
        if parser.at < source.count { throw PatternError(.malformed, at: parser.at, "a ')' that closes no group") }
        return tree
    }

    private init(_ source: UnsafeRawBufferPointer) throws(PatternError) {
        self.source = source
        var names: [String: Int] = [:]
        allGroups = try Self.count(source, &names)
        self.names = names
    }

    // MARK: Terms

    private mutating func alternatives() throws(PatternError) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.depth else {
            throw PatternError(.tooLarge, at: at, "groups are nested deeper than \(PatternLimits.depth)")
        }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternError) -> PatternTree {
        var parts: [PatternTree] = []
        while let byte = peek, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") { parts.append(try term()) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func term() throws(PatternError) -> PatternTree {
        let first = groups + 1
        let begin = at
        let isAssertion = ["^", "$", "\\b", "\\B", "(?<=", "(?<!"].contains { stands($0) }
        let atom = try atom()
        guard let count = try count() else { return atom }
        if isAssertion { throw PatternError(.malformed, at: begin, "an assertion cannot be repeated") }
        return .repetition(atom, count, PatternTree.Captures(first: first, end: groups + 1))
    }

    private mutating func atom() throws(PatternError) -> PatternTree {
        switch peek {
        case UInt8(ascii: "^"):
            at += 1
            return .start
        case UInt8(ascii: "$"):
            at += 1
            return .end
        case UInt8(ascii: "."):
            at += 1
            return .set(.dot)
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return .set(try counted(try characterClass()))
        case UInt8(ascii: "\\"): return try escape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            throw PatternError(.malformed, at: at, "there is nothing to repeat")
        case UInt8(ascii: "{"):
            var ahead = self
            if try ahead.count() != nil { throw PatternError(.malformed, at: at, "there is nothing to repeat") }
            at += 1
            return .set(ScalarSet(0x7B))
        default: return .set(ScalarSet(source.takeScalar(&at)))
        }
    }

    private mutating func group() throws(PatternError) -> PatternTree {
        let begin = at
        at += 1
        var look: PatternTree.Look?
        var number: Int?
        if take("?") {
            if take(":") {
            } else if take("=") {
                look = PatternTree.Look(isAhead: true, isNegative: false)
            } else if take("!") {
                look = PatternTree.Look(isAhead: true, isNegative: true)
            } else if take("<=") {
                look = PatternTree.Look(isAhead: false, isNegative: false)
            } else if take("<!") {
                look = PatternTree.Look(isAhead: false, isNegative: true)
            } else if take("<") {
                _ = try name()
                groups += 1
                number = groups
            } else {
                throw PatternError(
                    .malformed, at: begin,
                    "a group that ECMA-262 does not have: after '(?' stands ':', '=', '!', '<=', '<!' or '<name>'")
            }
        } else {
            groups += 1
            number = groups
        }
        let body = try alternatives()
        guard take(")") else { throw PatternError(.malformed, at: begin, "a group that is not closed") }
        if let look { return .look(body, look) }
        if let number { return .capture(body, number) }
        return body
    }

    /// `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`, each with `?`; nil where none of them stands.
    private mutating func count() throws(PatternError) -> PatternTree.Count? {
        let begin = at
        var count = PatternTree.Count(least: 0, most: nil, isGreedy: true)
        if take("*") {
        } else if take("+") {
            count.least = 1
        } else if take("?") {
            count.most = 1
        } else if take("{") {
            guard let least = number() else {
                at = begin
                return nil
            }
            count.least = least
            count.most = take(",") ? number() : least
            guard take("}") else {
                at = begin
                return nil
            }
            if let most = count.most, most < count.least {
                throw PatternError(.malformed, at: begin, "a repetition whose numbers are out of order")
            }
        } else {
            return nil
        }
        if take("?") { count.isGreedy = false }
        return count
    }

    /// Decimal digits. What is past the limit of everything stays at that.
    private mutating func number() -> Int? {
        var value: Int?
        while let byte = peek, byte >= 0x30, byte <= 0x39 {
            value = min((value ?? 0) * 10 + Int(byte - 0x30), 1 << 31)
            at += 1
        }
        return value
    }

    /// A class with its ranges counted, so that many large ones stay within bounds.
    mutating func counted(_ set: ScalarSet) throws(PatternError) -> ScalarSet {
        ranges += set.ranges.count
        guard ranges <= PatternLimits.ranges else {
            throw PatternError(
                .tooLarge, at: at, "the classes of the pattern have more than \(PatternLimits.ranges) ranges")
        }
        return set
    }

    // MARK: Bytes

    var peek: UInt8? { at < source.count ? source[at] : nil }

    func stands(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= source.count else { return false }
        for index in 0..<count where source[at + index] != text.utf8Start[index] { return false }
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        guard stands(text) else { return false }
        at += text.utf8CodeUnitCount
        return true
    }
}
