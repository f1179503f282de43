/// Why a value was refused without an answer: checking it would have taken too much.
enum SchemaTrouble: Equatable {
    /// Checks within checks.
    case depth
    /// Checks in all: a schema may ask the same things of a value again and again.
    case steps
    /// A pattern's own budget.
    case pattern

    /// What would be in order, for people.
    var expected: String {
        switch self {
        case .depth: "less nesting"
        case .steps: "less work: the schema's budget for a payload is used up"
        case .pattern: "less work: the pattern's budget is used up"
        }
    }
}
