/// A regular expression of ECMA-262, as JSON Schema uses it: it searches, in Unicode mode, and by code points.
///
/// Immutable, so that threads share it. What can be decided by a comparison is; the rest by an automaton, by
/// following states where that would be too large, and by a search with a budget of steps for what looks around or
/// refers back.
package struct Pattern: Sendable {
    private enum Way: Sendable {
        case shortcut(PatternShortcut)
        case automaton(PatternAutomaton)
        case simulation(PatternProgram)
        case backtracking(PatternProgram)
    }

    private let way: Way

    /// - Parameter source: UTF-8, without JSON's escapes.
    /// - Throws: ``PatternError`` where it is no regular expression of ECMA-262 or past a limit.
    package init(_ source: UnsafeRawBufferPointer) throws(PatternError) {
        let parsed = try PatternParser.parse(source)
        let groups = parsed.refersBack ? parsed.groups : 0
        let tree = parsed.simplified(keepsCaptures: groups > 0)
        if let shortcut = PatternShortcut(tree) {
            way = .shortcut(shortcut)
            return
        }
        let program = try PatternProgram(tree, groups: groups)
        if program.needsBacktracking {
            way = .backtracking(program)
        } else if let automaton = PatternAutomaton(program) {
            way = .automaton(automaton)
        } else {
            way = .simulation(program)
        }
    }

    /// - Parameter text: UTF-8, without JSON's escapes.
    package func match(_ text: UnsafeRawBufferPointer, using scratch: inout PatternScratch) -> PatternVerdict {
        switch way {
        case .shortcut(let shortcut): shortcut.matches(text) ? .matches : .differs
        case .automaton(let automaton): automaton.matches(text) ? .matches : .differs
        case .simulation(let program): PatternSimulation.match(program, text, &scratch)
        case .backtracking(let program): PatternBacktracking.match(program, text, &scratch)
        }
    }

    /// As ``match(_:using:)``, with memory of its own where a search needs some.
    package func match(_ text: UnsafeRawBufferPointer) -> PatternVerdict {
        var scratch = PatternScratch()
        return match(text, using: &scratch)
    }

    /// Bytes that it takes beside itself, nearly.
    package var byteCount: Int {
        switch way {
        case .shortcut(let shortcut): shortcut.byteCount
        case .automaton(let automaton): automaton.byteCount
        case .simulation(let program), .backtracking(let program): program.byteCount
        }
    }
}

/// What a search found.
package enum PatternVerdict: Sendable, Equatable {
    case matches
    case differs
    /// The steps that a search may take were used up: neither.
    case exhausted
}
