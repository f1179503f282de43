/// A condition as far as it is understood: comparisons of columns with constants, and what binds them.
indirect enum CheckExpression: Equatable {
    case column(String)
    /// Decimal digits, as SQL writes them.
    case number(String)
    case string(String)
    case cast(CheckExpression, String)
    case call(String, CheckExpression)
    case array([CheckExpression])
    /// `isAny`: the right side is an array, of which one must compare so.
    case compare(CheckExpression, String, CheckExpression, isAny: Bool)
    case isNull(CheckExpression)
    case isNotNull(CheckExpression)
    case and([CheckExpression])
    case or([CheckExpression])
}

extension CheckExpression {
    /// Longer constraints are not read.
    private static let mostScalars = 4000

    /// Reads what `pg_get_constraintdef` prints of a constraint that is in force for all rows: nil for one that is not, and for
    /// whatever is not understood.
    init?(constraint text: String) {
        guard text.unicodeScalars.count <= Self.mostScalars, let tokens = CheckToken.all(of: text) else { return nil }
        var parser = CheckParser(tokens[...])
        guard parser.take(word: "CHECK"), parser.take("("), let expression = parser.or(depth: 0), parser.take(")")
        else { return nil }
        // Not of tables that inherit from this one, which is no matter.
        if parser.take(word: "NO"), !parser.take(word: "INHERIT") { return nil }
        guard parser.isAtEnd else { return nil }
        self = expression
    }
}

/// Reads expressions by the few rules that conditions of simple shape are printed by.
private struct CheckParser {
    private var tokens: ArraySlice<CheckToken>
    private static let mostDepth = 64

    init(_ tokens: ArraySlice<CheckToken>) { self.tokens = tokens }

    var isAtEnd: Bool { tokens.isEmpty }

    mutating func take(_ symbol: String) -> Bool {
        guard tokens.first == .symbol(symbol) else { return false }
        tokens.removeFirst()
        return true
    }

    mutating func take(word: String) -> Bool {
        guard tokens.first == .word(word, isQuoted: false) else { return false }
        tokens.removeFirst()
        return true
    }

    mutating func or(depth: Int) -> CheckExpression? {
        list(separatedBy: "OR", depth) { $0.and(depth: depth) }.map { $0.count == 1 ? $0[0] : .or($0) }
    }

    private mutating func and(depth: Int) -> CheckExpression? {
        list(separatedBy: "AND", depth) { $0.predicate(depth: depth) }.map { $0.count == 1 ? $0[0] : .and($0) }
    }

    private mutating func list(
        separatedBy word: String, _ depth: Int, _ next: (inout CheckParser) -> CheckExpression?
    ) -> [CheckExpression]? {
        guard depth < Self.mostDepth, let first = next(&self) else { return nil }
        var all = [first]
        while take(word: word) {
            guard let more = next(&self) else { return nil }
            all.append(more)
        }
        return all
    }

    private mutating func predicate(depth: Int) -> CheckExpression? {
        guard let left = operand(depth: depth) else { return nil }
        if take(word: "IS") {
            let isNegated = take(word: "NOT")
            guard take(word: "NULL") else { return nil }
            return isNegated ? .isNotNull(left) : .isNull(left)
        }
        guard case .symbol(let sign)? = tokens.first, ["=", "<>", "<", "<=", ">", ">=", "~"].contains(sign) else {
            return left
        }
        tokens.removeFirst()
        if take(word: "ANY") {
            guard take("("), let right = or(depth: depth + 1), take(")") else { return nil }
            return .compare(left, sign, right, isAny: true)
        }
        return operand(depth: depth).map { .compare(left, sign, $0, isAny: false) }
    }

    private mutating func operand(depth: Int) -> CheckExpression? {
        guard depth < Self.mostDepth, var value = primary(depth: depth) else { return nil }
        while take("::") {
            guard let type = type() else { return nil }
            value = .cast(value, type)
        }
        return value
    }

    private mutating func primary(depth: Int) -> CheckExpression? {
        guard let first = tokens.popFirst() else { return nil }
        switch first {
        case .symbol("("):
            guard let inner = or(depth: depth + 1), take(")") else { return nil }
            return inner
        case .symbol("-"):
            guard case .number(let digits)? = tokens.popFirst() else { return nil }
            return .number("-" + digits)
        case .symbol: return nil
        case .number(let digits): return .number(digits)
        case .string(let text): return .string(text)
        case .word("ARRAY", isQuoted: false):
            guard take("[") else { return nil }
            var elements: [CheckExpression] = []
            repeat {
                guard let element = operand(depth: depth + 1) else { return nil }
                elements.append(element)
            } while take(",")
            return take("]") ? .array(elements) : nil
        case .word(let word, let isQuoted):
            // What is a keyword is printed in quotes where it is a name.
            if !isQuoted, word != "VALUE", word == word.uppercased(), word != word.lowercased() { return nil }
            guard take("(") else { return .column(word) }
            guard let argument = operand(depth: depth + 1), take(")") else { return nil }
            return .call(word, argument)
        }
    }

    /// The name of a type, with `[]` for an array. A modifier is not understood, as a cast to it may cut something off.
    private mutating func type() -> String? {
        guard case .word(var name, let isQuoted)? = tokens.popFirst() else { return nil }
        if isQuoted { return nil }
        while case .word(let more, isQuoted: false)? = tokens.first, ["varying", "precision"].contains(more) {
            name += " \(more)"
            tokens.removeFirst()
        }
        while take("[") {
            guard take("]") else { return nil }
            name += "[]"
        }
        return name
    }
}
