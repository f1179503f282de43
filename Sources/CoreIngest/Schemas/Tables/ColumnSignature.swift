/// What a column's type means for readers of its events: by it a table's shapes are told apart, and their change is classified.
package struct ColumnSignature: Equatable, Sendable {
    @ExactText package var name: String
    package var isNullable: Bool
    /// Types of one family hold values of the same form; the sizes say how many of them.
    @ExactText package var family: String
    /// Larger is wider, each for itself.
    package var sizes: [Int]
    package var labels: [String]
    /// The attribute's number in its table, which stays when it is renamed; nil where the catalog did not know.
    package var number: Int?
    /// For people.
    package var sqlType: String?
    /// Further keywords with their values, as JSON: of a column, what its CHECK constraints say. Nil where an earlier release did not look.
    var rules: [String: String]? = [:]
    /// Whether a row must have it: what is not null is always there, in a table.
    var isRequired: Bool

    /// A size without bound.
    package static let unbounded = 1_000_000_000

    package init(_ column: StreamDescriptor.Column) {
        name = column.name
        isNullable = column.isNullable
        (family, sizes) = Self.family(of: column.kind)
        labels = column.rules.choices.map { $0.map(Self.word) } ?? column.enumLabels
        rules = Self.rules(of: column.rules)
        isRequired = !column.isNullable
        number = column.number
        sqlType = column.sqlType.isEmpty ? nil : column.sqlType
    }

    package init(
        name: String, isNullable: Bool, family: String, sizes: [Int], labels: [String], number: Int? = nil,
        sqlType: String? = nil
    ) {
        self.name = name
        self.isNullable = isNullable
        self.family = family
        self.sizes = sizes
        self.labels = labels
        isRequired = !isNullable
        self.number = number
        self.sqlType = sqlType
    }

    /// Whether events of both look the same: what only tells columns apart, or is for people, does not count.
    func isSameShape(as other: ColumnSignature) -> Bool {
        $name == other.$name && isNullable == other.isNullable && $family == other.$family && sizes == other.sizes
            && isRequired == other.isRequired
            && (isWithoutRules(beside: other) || labels.exact == other.labels.exact && rules == other.rules)
    }

    /// Whether rules, and lists of words that are no labels of an enum, are not compared, as one of the two does not know any.
    func isWithoutRules(beside other: ColumnSignature) -> Bool {
        (rules == nil || other.rules == nil) && (family != "enum" || labels.exact == other.labels.exact)
    }

    /// A choice for people: a string without its quotes.
    private static func word(_ json: String) -> String {
        (try? JSONDocument(json)).flatMap { $0.view.string(0) } ?? json
    }

    private static func rules(of rules: ColumnRules) -> [String: String] {
        var found: [String: String] = [:]
        if let minimum = rules.minimum {
            found[minimum.isExclusive ? "exclusiveMinimum" : "minimum"] = minimum.digits
        }
        if let maximum = rules.maximum {
            found[maximum.isExclusive ? "exclusiveMaximum" : "maximum"] = maximum.digits
        }
        if let least = rules.minLength, least > 0 { found["minLength"] = "\(least)" }
        if let most = rules.maxLength { found["maxLength"] = "\(most)" }
        if let pattern = rules.pattern {
            var arena = ByteArena(capacity: pattern.utf8.count + 2)
            arena.appendJSONString(text: pattern)
            found["pattern"] = String(decoding: arena.bytes, as: UTF8.self)
        }
        return found
    }

    private static func family(of kind: StreamDescriptor.Kind) -> (String, [Int]) {
        switch kind {
        case .boolean: return ("boolean", [])
        case .integer(let bits): return ("integer", [bits])
        case .float(let bits): return ("float", [bits])
        case .numeric(let precision, let scale):
            guard let precision else { return ("numeric", [unbounded, unbounded]) }
            return ("numeric", [precision - (scale ?? 0), scale ?? 0])
        case .string(let maxLength): return ("string", [maxLength ?? unbounded])
        case .uuid: return ("uuid", [])
        case .date: return ("date", [])
        case .time(let withZone): return (withZone ? "timetz" : "time", [])
        case .timestamp(let withZone): return (withZone ? "timestamptz" : "timestamp", [])
        case .interval: return ("interval", [])
        case .bytes: return ("bytes", [])
        case .json: return ("json", [])
        case .hstore: return ("hstore", [])
        case .enumeration: return ("enum", [])
        case .array(let element):
            let (family, sizes) = family(of: element)
            return ("array of \(family)", sizes)
        case .composite(let fields):
            let parts = fields.map { field in
                let (family, sizes) = family(of: field.kind)
                return "\(field.name): \(family)\(sizes)"
            }
            return ("composite (\(parts.joined(separator: ", ")))", [])
        case .text: return ("text", [])
        }
    }

    /// How the values of this family and those of another's relate.
    enum Reach: Equatable {
        /// Every old value is a value of this.
        case all
        /// Old values have the same form, and some may be too large or long.
        case some
        /// Values have another form.
        case none
    }

    /// How much of what `old` could hold this can, nullability and labels apart.
    func reach(over old: ColumnSignature) -> Reach {
        if family.hasPrefix("json ") && old.family.hasPrefix("json ") { return schemaReach(over: old) }
        if $family == old.$family {
            guard sizes.count == old.sizes.count else { return .some }
            return zip(sizes, old.sizes).allSatisfy { $0 >= $1 } ? .all : .some
        }
        if old.family == "integer", family == "numeric", let bits = old.sizes.first, let digits = sizes.first {
            return digits >= (bits == 16 ? 5 : bits == 32 ? 10 : 19) ? .all : .some
        }
        if family == "string", old.family == "enum" || old.family == "text" {
            return sizes == [Self.unbounded] ? .all : .some
        }
        return .none
    }

    /// The labels that values had and may have no more. An enum without labels is one whose labels are not known.
    func lostLabels(of old: ColumnSignature) -> [String] {
        guard !old.labels.isEmpty, family == "enum" || !labels.isEmpty else { return [] }
        let known = Set(labels.exact)
        return old.labels.filter { !known.contains(ExactText($0)) }
    }
}

extension [String] {
    /// To be compared byte for byte.
    var exact: [ExactText] { map { ExactText($0) } }
}
