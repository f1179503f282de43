/// What a pattern may be and cost. The pattern and the text both come from outside.
enum PatternLimits {
    /// Bytes of a pattern.
    static let bytes = 65_536
    /// Groups within groups.
    static let depth = 150
    /// Instructions of a program: counted repetitions are written out.
    static let instructions = 65_536
    /// Different sets of characters in one pattern.
    static let sets = 1024
    /// Ranges of all sets together.
    static let ranges = 65_536
    /// Words of an automaton's table; past them the states are followed as they come.
    static let transitions = 32_768
    /// Instructions looked at to make an automaton.
    static let work = 2_000_000

    /// Instructions looked at in one search by states: proportional to the text, with a start for short ones.
    static func simulationSteps(_ bytes: Int) -> Int { 1_000_000 + 256 * bytes }
    /// Instructions run by one search that goes back: proportional to the text too.
    static func backtrackingSteps(_ bytes: Int) -> Int { 20_000 + 32 * bytes }
}
