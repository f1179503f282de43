/// How a keyword of one property changed, classified by whether all that passed before passes now.
struct SchemaRuleChange: Equatable {
    var keyword: String
    /// The values, as JSON; nil where the keyword was not, or is not, there.
    var old: String?
    var new: String?
    var change: SchemaChange

    /// All changes, by the names of the keywords.
    static func between(_ old: [String: String], _ new: [String: String]) -> [SchemaRuleChange] {
        var changes: [SchemaRuleChange] = []
        for keyword in Set(old.keys).union(new.keys).sorted() where !bounds.contains(keyword) {
            let (was, now) = (old[keyword], new[keyword])
            guard let change = change(of: keyword, from: was, to: now) else { continue }
            changes.append(SchemaRuleChange(keyword: keyword, old: was, new: now, change: change))
        }
        for (keyword, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            let (was, now) = (bound(keyword, exclusive, old), bound(keyword, exclusive, new))
            guard let change = change(from: was, to: now, isLower: keyword == "minimum") else { continue }
            changes.append(
                SchemaRuleChange(keyword: keyword, old: was.map(text), new: now.map(text), change: change))
        }
        return changes.sorted { $0.keyword < $1.keyword }
    }

    private static let bounds: Set = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]

    /// Nil where it did not change.
    private static func change(of keyword: String, from old: String?, to new: String?) -> SchemaChange? {
        guard let old else { return new == nil ? nil : .revision }
        guard let new else { return .addition }
        if SchemaText.areEqual(Array(old.utf8), Array(new.utf8)) { return nil }
        guard isNumber(old), isNumber(new) else { return .revision }
        let isLarger = ColumnRules.Bound(old).compare(ColumnRules.Bound(new)) < 0
        switch keyword {
        case "minLength", "minItems", "minProperties": return isLarger ? .revision : .addition
        case "maxLength", "maxItems", "maxProperties": return isLarger ? .addition : .revision
        default: return .revision
        }
    }

    // MARK: Bounds of numbers

    /// The bound that two keywords come to: from draft 6 on each has a number, in draft 4 the second says that the first one's is left out.
    private static func bound(_ keyword: String, _ exclusive: String, _ rules: [String: String]) -> ColumnRules.Bound? {
        let inclusive = rules[keyword].flatMap { isNumber($0) ? $0 : nil }
        if let beyond = rules[exclusive], isNumber(beyond) {
            let bound = ColumnRules.Bound(beyond, isExclusive: true)
            return inclusive.map {
                ColumnRules.tighter(ColumnRules.Bound($0), bound, isLower: keyword == "minimum")
            } ?? bound
        }
        return inclusive.map { ColumnRules.Bound($0, isExclusive: rules[exclusive] == "true") }
    }

    private static func change(
        from old: ColumnRules.Bound?, to new: ColumnRules.Bound?, isLower: Bool
    ) -> SchemaChange? {
        guard let old else { return new == nil ? nil : .revision }
        guard let new else { return .addition }
        let order = new.compare(old)
        if order == 0 { return old.isExclusive == new.isExclusive ? nil : new.isExclusive ? .revision : .addition }
        return (order > 0) == isLower ? .revision : .addition
    }

    private static func text(_ bound: ColumnRules.Bound) -> String {
        bound.isExclusive ? "\(bound.digits), left out," : bound.digits
    }

    private static func isNumber(_ text: String) -> Bool {
        text.utf8.first.map { $0 == 0x2D || (0x30...0x39).contains($0) } ?? false
    }
}
