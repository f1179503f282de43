import CoreIngest

/// Takes what the CHECK constraints of a table, and of a domain, say of one column.
struct CheckedColumn {
    private let name: String
    private let kind: StreamDescriptor.Kind
    /// Whether two texts are equal only when their bytes are.
    private let isExact: Bool
    private(set) var rules = ColumnRules()
    private(set) var isNotNull = false
    private static let mostRemark = 300

    /// `type`: of the column, without domains. `isDeterministic`: so is its collation.
    init(name: String, kind: StreamDescriptor.Kind, type: TypeInfo?, isDeterministic: Bool) {
        self.name = name
        self.kind = kind
        // Blanks at the end of a `char(n)` count in JSON and not in SQL; `citext` and such collations take other letters for the same.
        isExact = isDeterministic && type?.namespace == "pg_catalog" && ["text", "varchar"].contains(type?.name)
    }

    /// Adds a constraint, as `pg_get_constraintdef` prints it. One that is not understood, or is of several columns, becomes a remark; one
    /// that is not in force for all rows is left out.
    mutating func add(constraint text: String) {
        if text.hasSuffix(" NOT VALID") || text.hasSuffix(" NOT ENFORCED") { return }
        add(constraint: text, of: name)
    }

    /// As above, of the column's domain.
    mutating func add(domain text: String) { add(constraint: text, of: "VALUE") }

    private mutating func add(constraint text: String, of name: String) {
        let isUnderstood = CheckExpression(constraint: text).map { add($0, of: name) } ?? false
        if !isUnderstood {
            rules.add(remark: String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.mostRemark))))
        }
    }

    mutating func refuseNull() { isNotNull = true }

    /// Whether all that it says of this column was taken. Of several conditions that must hold together each one must hold, also where
    /// others are unknown for a null.
    private mutating func add(_ expression: CheckExpression, of name: String) -> Bool {
        switch expression {
        case .and(let all):
            var isUnderstood = true
            for one in all where !add(one, of: name) { isUnderstood = false }
            return isUnderstood
        case .isNotNull(.column(name)):
            isNotNull = true
            return true
        default:
            guard expression.mentions(name) else { return true }
            guard let found = condition(expression, name) else { return false }
            return found.allSatisfy { rules.add($0) }
        }
    }

    private func condition(_ expression: CheckExpression, _ name: String) -> [ColumnRules.Rule]? {
        switch expression {
        case .and(let all):
            let found = all.compactMap { condition($0, name) }
            return found.count == all.count ? found.flatMap { $0 } : nil
        // Null passes a constraint in any case.
        case .or(let two) where two.count == 2 && two[0] == .isNull(.column(name)): return condition(two[1], name)
        case .or(let two) where two.count == 2 && two[1] == .isNull(.column(name)): return condition(two[0], name)
        case .compare(let left, "=", let list, isAny: true):
            guard isColumn(left, name), let values = elements(of: list) else { return nil }
            let choices = values.compactMap(choice)
            return choices.count == values.count ? [.oneOf(choices)] : nil
        case .compare(let left, let sign, let right, isAny: false):
            if right.mentions(name) {
                let flipped = ["<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"]
                return flipped[sign].flatMap { compare(right, $0, left, name) }
            }
            return compare(left, sign, right, name)
        case .column, .number, .string, .cast, .call, .array, .compare, .isNull, .isNotNull, .or: return nil
        }
    }

    private func compare(
        _ left: CheckExpression, _ sign: String, _ right: CheckExpression, _ name: String
    ) -> [ColumnRules.Rule]? {
        if case .call(let function, let argument) = left {
            guard ["length", "char_length", "character_length"].contains(function), isExact, isColumn(argument, name),
                let digits = right.digits, let length = Int(digits)
            else { return nil }
            return lengths(sign, length)
        }
        guard isColumn(left, name) else { return nil }
        if isExact {
            guard let text = right.text else { return nil }
            switch sign {
            case "=": return [.oneOf([Self.json(text)])]
            case "<>": return text.isEmpty ? [.lengthAtLeast(1)] : nil
            case "~": return CheckPattern.translate(text).map { [.pattern($0)] }
            default: return nil
            }
        }
        guard let digits = right.digits, isComparable(digits) else { return nil }
        switch sign {
        case ">=": return [.atLeast(.init(digits))]
        case "<=": return [.atMost(.init(digits))]
        case ">": return [.atLeast(bound(digits, next: 1))]
        case "<": return [.atMost(bound(digits, next: -1))]
        case "=": return [.oneOf([digits])]
        default: return nil
        }
    }

    private func lengths(_ sign: String, _ length: Int) -> [ColumnRules.Rule]? {
        guard (0...1_000_000_000).contains(length) else { return nil }
        switch sign {
        case ">=": return [.lengthAtLeast(length)]
        case ">": return [.lengthAtLeast(length + 1)]
        case "<=": return [.lengthAtMost(length)]
        case "<": return length > 0 ? [.lengthAtMost(length - 1)] : nil
        case "=": return [.lengthAtLeast(length), .lengthAtMost(length)]
        case "<>": return length == 0 ? [.lengthAtLeast(1)] : nil
        default: return nil
        }
    }

    // MARK: Sides

    /// Whether this is the column, perhaps in a type that has the same values.
    private func isColumn(_ expression: CheckExpression, _ name: String) -> Bool {
        guard case .cast(let inner, let type) = expression else { return expression == .column(name) }
        guard isColumn(inner, name) else { return false }
        if isExact { return ["text", "character varying"].contains(type) }
        switch kind {
        case .integer(let bits):
            return ["smallint", "integer", "bigint", "numeric"].contains(type)
                || bits < 64 && type == "double precision"
        case .float: return type == "double precision"
        case .numeric: return type == "numeric"
        default: return false
        }
    }

    private func elements(of list: CheckExpression) -> [CheckExpression]? {
        switch list {
        case .array(let elements): elements
        case .cast(.array(let elements), "text[]") where isExact: elements
        default: nil
        }
    }

    /// A constant of the column's type, as JSON.
    private func choice(_ constant: CheckExpression) -> String? {
        if isExact { return constant.text.map(Self.json) }
        return constant.digits.flatMap { isComparable($0) ? $0 : nil }
    }

    /// Whether values compare with a number as their digits do. Those of `real` and `double precision` are rounded, and so is the number.
    private func isComparable(_ digits: String) -> Bool {
        let count = digits.utf8.count { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
        switch kind {
        case .integer, .numeric: return true
        case .float(let bits):
            return bits == 64 ? count <= 15 && !digits.contains("e") : count <= 6 && Int(digits) != nil
        default: return false
        }
    }

    /// Beyond a number: of integers, from the next one on.
    private func bound(_ digits: String, next step: Int64) -> ColumnRules.Bound {
        if case .integer = kind, let number = Int64(digits) {
            let (next, isOver) = number.addingReportingOverflow(step)
            if !isOver { return .init("\(next)") }
        }
        return .init(digits, isExclusive: true)
    }

    private static func json(_ text: String) -> String {
        var arena = ByteArena(capacity: text.utf8.count + 2)
        arena.appendJSONString(text: text)
        return String(decoding: arena.bytes, as: UTF8.self)
    }
}

extension CheckExpression {
    fileprivate func mentions(_ name: String) -> Bool {
        switch self {
        case .column(let other): other == name
        case .number, .string: false
        case .cast(let inner, _), .call(_, let inner), .isNull(let inner), .isNotNull(let inner): inner.mentions(name)
        case .array(let all), .and(let all), .or(let all): all.contains { $0.mentions(name) }
        case .compare(let left, _, let right, _): left.mentions(name) || right.mentions(name)
        }
    }

    /// A number, as JSON has it; nil for what is none, and where a cast would round it.
    fileprivate var digits: String? {
        switch self {
        case .number(let digits): return Self.isNumber(digits) ? digits : nil
        case .cast(let inner, let type):
            var digits = inner.digits
            if case .string(let text) = inner, Self.isNumber(text) { digits = text }
            switch type {
            case "smallint", "integer", "bigint": return digits.flatMap { Int64($0) }.map { "\($0)" }
            case "numeric", "double precision", "real": return digits
            default: return nil
            }
        default: return nil
        }
    }

    fileprivate var text: String? {
        switch self {
        case .string(let text): text
        case .cast(let inner, "text"), .cast(let inner, "character varying"): inner.text
        default: nil
        }
    }

    private static func isNumber(_ digits: String) -> Bool {
        Array(digits.utf8).withUnsafeBytes { NumberText.isJSONNumber($0) }
    }
}
