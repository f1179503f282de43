/// Regular expressions of Postgres as ECMA-262 writes them, where both mean the same: letters, digits and signs of ASCII, sets and ranges of
/// them, `.`, groups, alternatives, counts, `^` at the beginning and `$` at the end. What depends on a locale (`\d`, `\w`, `[:alpha:]`) is
/// not among it.
///
/// Source: the manual, "POSIX Regular Expressions"; without options a dot and a negated set match a newline, and `^` and `$` only the
/// ends of the text.
struct CheckPattern {
    private var rest: ArraySlice<UInt8>
    private var out: [UInt8] = []
    private static let mostDepth = 32
    private static let signs = Set(" !\"#%&',-/:;<=>@_`~".utf8)
    /// What stands for itself behind a backslash, in both.
    private static let escaped = Set("^$\\.*+?()[]{}|/".utf8)

    /// Nil where it may mean something else.
    static func translate(_ pattern: String) -> String? {
        var translation = CheckPattern(rest: Array(pattern.utf8)[...])
        // An option, or another grammar.
        if pattern.hasPrefix("***") || pattern.hasPrefix("(?") { return nil }
        guard translation.alternatives(depth: 0), translation.rest.isEmpty else { return nil }
        return String(decoding: translation.out, as: UTF8.self)
    }

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    private mutating func take(_ byte: Character) -> Bool {
        guard let value = byte.asciiValue, rest.first == value else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func alternatives(depth: Int) -> Bool {
        guard depth < Self.mostDepth, branch(depth: depth) else { return false }
        while take("|") {
            out.append(UInt8(ascii: "|"))
            guard branch(depth: depth) else { return false }
        }
        return true
    }

    private var isAtEndOfBranch: Bool {
        guard let next = rest.first else { return true }
        return next == UInt8(ascii: "|") || next == UInt8(ascii: ")")
    }

    private mutating func branch(depth: Int) -> Bool {
        let start = out.count
        if take("^") { out.append(UInt8(ascii: "^")) }
        while !isAtEndOfBranch {
            if take("$") {
                out.append(UInt8(ascii: "$"))
                return isAtEndOfBranch
            }
            guard atom(depth: depth), quantifier() else { return false }
        }
        return out.count > start
    }

    private mutating func atom(depth: Int) -> Bool {
        guard let first = rest.popFirst() else { return false }
        switch first {
        case UInt8(ascii: "."): out += Array("[\\s\\S]".utf8)
        case UInt8(ascii: "["): return set()
        case UInt8(ascii: "("):
            // Neither references back nor looking around: only the grouping counts.
            if rest.first == UInt8(ascii: "?") {
                rest.removeFirst()
                guard take(":") else { return false }
            }
            out += Array("(?:".utf8)
            guard alternatives(depth: depth + 1), take(")") else { return false }
            out.append(UInt8(ascii: ")"))
        case UInt8(ascii: "\\"):
            guard let escaped = rest.popFirst(), Self.escaped.contains(escaped) || Self.signs.contains(escaped) else {
                return false
            }
            append(literal: escaped)
        default:
            guard Self.isPlain(first) else { return false }
            append(literal: first)
        }
        return true
    }

    private mutating func append(literal byte: UInt8) {
        if Self.escaped.contains(byte) { out.append(UInt8(ascii: "\\")) }
        out.append(byte)
    }

    /// A letter, a digit, or a sign that means nothing but itself.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: signs.contains(byte)
        }
    }

    /// A set, past its bracket: `[a-z0-9_.-]`, `[^ ,]`.
    private mutating func set() -> Bool {
        out.append(UInt8(ascii: "["))
        if take("^") { out.append(UInt8(ascii: "^")) }
        let start = out.count
        while !take("]") {
            guard let low = member() else { return false }
            guard rest.first == UInt8(ascii: "-"), rest.count > 1, rest.dropFirst().first != UInt8(ascii: "]") else {
                append(member: low)
                continue
            }
            rest.removeFirst()
            guard let high = member(), low < high, Self.isAlphanumeric(low), Self.isAlphanumeric(high) else {
                return false
            }
            out += [low, UInt8(ascii: "-"), high]
        }
        guard out.count > start else { return false }
        out.append(UInt8(ascii: "]"))
        return true
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isPlain(byte) && !signs.contains(byte) }

    private mutating func member() -> UInt8? {
        guard let byte = rest.popFirst() else { return nil }
        if byte == UInt8(ascii: "\\") {
            return rest.popFirst().flatMap { Self.escaped.contains($0) || Self.signs.contains($0) ? $0 : nil }
        }
        return Self.isPlain(byte) || Set("$.*+?(){}|^".utf8).contains(byte) ? byte : nil
    }

    private mutating func append(member byte: UInt8) {
        if Self.escaped.contains(byte) || byte == UInt8(ascii: "-") { out.append(UInt8(ascii: "\\")) }
        out.append(byte)
    }

    /// Whether what follows is a count that is understood, or none.
    private mutating func quantifier() -> Bool {
        guard let first = rest.first else { return true }
        switch first {
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            rest.removeFirst()
            out.append(first)
        case UInt8(ascii: "{"):
            rest.removeFirst()
            let body = rest.prefix { $0 != UInt8(ascii: "}") }
            rest.removeFirst(body.count)
            let parts = body.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let counts = parts.map { Int(String(decoding: $0, as: UTF8.self)) }
            // 255 is the most that Postgres counts to.
            guard take("}"), (1...2).contains(parts.count), let least = counts[0], (0...255).contains(least),
                counts.count == 1 || parts[1].isEmpty || (least...255).contains(counts[1] ?? -1)
            else { return false }
            out += [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")]
        default: return true
        }
        // A second one would be about which match is taken, or a mistake.
        if let next = rest.first, Set("*+?{".utf8).contains(next) { return false }
        return true
    }
}
