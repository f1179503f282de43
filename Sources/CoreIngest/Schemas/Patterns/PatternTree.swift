/// A pattern as its grammar reads it, ECMA-262 section 22.2.1.
indirect enum PatternTree: Hashable, Sendable {
    /// One code point of the set.
    case set(ScalarSet)
    /// All in turn; empty: the empty text.
    case sequence([PatternTree])
    /// One of them, the first that leads to a match.
    case alternatives([PatternTree])
    case repetition(PatternTree, Count, Captures)
    /// A group whose text a backreference may ask for; its number, from 1.
    case capture(PatternTree, Int)
    case start, end, wordBoundary, notWordBoundary
    case look(PatternTree, Look)
    /// What the group took, or the empty text if it took nothing yet.
    case reference(Int)

    struct Count: Hashable, Sendable {
        var least: Int
        /// nil: without end.
        var most: Int?
        var isGreedy: Bool
    }

    /// The groups inside a repetition, which each turn of it forgets: from `first`, before `end`.
    struct Captures: Hashable, Sendable {
        var first: Int
        var end: Int
    }

    struct Look: Hashable, Sendable {
        var isAhead: Bool
        var isNegative: Bool
    }

    static let empty = PatternTree.sequence([])
}
