/// What the CHECK constraints of a table, and of a domain, say of one column's values, as far as JSON Schema has a word for it. All of it
/// holds together, and for values that are not null.
///
/// It is what the catalog says now: rows that were written before may break it, so nothing is refused by it.
public struct ColumnRules: Sendable, Equatable {
    /// A number that values are compared with, as decimal digits.
    public struct Bound: Sendable, Equatable {
        /// A JSON number.
        public var digits: String
        /// Whether the number itself is left out.
        public var isExclusive: Bool

        /// A bound by its parts.
        public init(_ digits: String, isExclusive: Bool = false) {
            self.digits = digits
            self.isExclusive = isExclusive
        }
    }

    /// Numbers are not below it.
    public private(set) var minimum: Bound?
    /// Numbers are not above it.
    public private(set) var maximum: Bound?
    /// Code points that strings have at least.
    public private(set) var minLength: Int?
    /// Code points that strings have at most.
    public private(set) var maxLength: Int?
    /// A regular expression of ECMA-262 that strings match somewhere.
    public private(set) var pattern: String?
    /// The only values there are, as JSON, each once.
    public private(set) var choices: [String]?
    /// Constraints on this column that none of the above says, as SQL.
    public private(set) var remarks: [String] = []

    /// No rules.
    public init() {}

    /// One thing that a constraint says.
    package enum Rule: Sendable, Equatable {
        case atLeast(Bound)
        case atMost(Bound)
        case lengthAtLeast(Int)
        case lengthAtMost(Int)
        case pattern(String)
        case oneOf([String])
    }

    private static let mostRemarks = 8

    /// Adds a rule to those that are there. False where it cannot be said beside them.
    package mutating func add(_ rule: Rule) -> Bool {
        switch rule {
        case .atLeast(let bound): minimum = Self.tighter(minimum, bound, isLower: true)
        case .atMost(let bound): maximum = Self.tighter(maximum, bound, isLower: false)
        case .lengthAtLeast(let length): minLength = max(minLength ?? 0, length)
        case .lengthAtMost(let length): maxLength = min(maxLength ?? .max, length)
        case .pattern(let pattern):
            if self.pattern == nil { self.pattern = pattern }
            return self.pattern == pattern
        case .oneOf(let list):
            var known: Set<String> = []
            let values = list.filter { known.insert($0).inserted }
            guard let choices else {
                self.choices = values
                break
            }
            let both = choices.filter { known.contains($0) }
            // Nothing but null would be left, which no schema of a column says.
            if both.isEmpty { return false }
            self.choices = both
        }
        return true
    }

    /// Adds what cannot be said.
    package mutating func add(remark: String) {
        if remarks.count < Self.mostRemarks, !remarks.contains(remark) { remarks.append(remark) }
    }

    /// The bound that leaves fewer numbers.
    static func tighter(_ one: Bound?, _ other: Bound, isLower: Bool) -> Bound {
        guard let one else { return other }
        let order = one.compare(other)
        if order == 0 { return Bound(one.digits, isExclusive: one.isExclusive || other.isExclusive) }
        return (order > 0) == isLower ? one : other
    }
}

extension ColumnRules.Bound {
    /// -1, 0 or 1, as its number is less than, equal to or greater than the other's.
    func compare(_ other: Self) -> Int {
        Array(digits.utf8).withUnsafeBytes { one in
            Array(other.digits.utf8).withUnsafeBytes { other in
                JSONDecimal.compare(JSONDecimal(one), JSONDecimal(other))
            }
        }
    }
}
