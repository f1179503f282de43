/// A pattern as instructions: what the automaton is made of, and what the two searches without one run.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// One character of the set, by its number.
        case set(UInt16)
        case setBackward(UInt16)
        case jump(Int32)
        /// The first way, and if it fails the second.
        case split(Int32, Int32)
        case start, end, wordBoundary, notWordBoundary
        /// Keeps the place as a border of a group.
        case save(UInt16)
        /// Forgets the borders from the first before the second.
        case clear(UInt16, UInt16)
        /// Keeps the place where a turn of a repetition begins, and refuses a turn that took nothing.
        case mark(UInt16), progress(UInt16)
        case reference(UInt16), referenceBackward(UInt16)
        /// The instructions up to the `match` before the target must lead to a match from here, or must not.
        case look(isNegative: Bool, Int32)
        case match
    }

    var instructions: [Instruction] = []
    /// The sets of the instructions as classes.
    var classes = ScalarClasses([], words: false)
    /// Borders of groups and marks of repetitions.
    var slots = 0
    var usesWords = false
    var needsBacktracking = false

    var byteCount: Int { instructions.count * MemoryLayout<Instruction>.stride + classes.byteCount }
}
