/// A regular expression of ECMA-262, as JSON Schema uses it: it searches, in Unicode mode, and by code points.
///
/// Immutable, so that threads share it; a class, so that to ask it copies nothing of it. What can be decided by a comparison is; the rest by an automaton, by
/// following states where that would be too large, and by a search with a budget of steps for what looks around or
/// refers back.
package final class Pattern: Sendable {
    private enum Way: Sendable {
        case shortcut(PatternShortcut)
        case automaton(PatternAutomaton)
        case simulation(PatternProgram)
        case backtracking(PatternProgram)
        /// All of them, each as it must be.
        case conditions([Condition])
    }

    private struct Condition: Sendable {
        var way: Way
        var isNegative: Bool
    }

    private let way: Way

    /// - Parameter source: UTF-8, without JSON's escapes.
    /// - Throws: ``PatternError`` where it is no regular expression of ECMA-262 or past a limit.
    package init(_ source: UnsafeRawBufferPointer) throws(PatternError) {
        let parsed = try PatternParser.parse(source)
        let groups = parsed.refersBack ? parsed.groups : 0
        way = try Self.way(parsed.simplified(keepsCaptures: groups > 0), groups: groups)
    }

    private static func way(_ tree: PatternTree, groups: Int) throws(PatternError) -> Way {
        if let shortcut = PatternShortcut(tree) { return .shortcut(shortcut) }
        if groups == 0, let conditions = tree.conditions {
            var parts: [Condition] = []
            for (tree, isNegative) in conditions {
                parts.append(Condition(way: try way(tree, groups: 0), isNegative: isNegative))
            }
            return .conditions(parts)
        }
        let program = try PatternProgram(tree, groups: groups)
        if program.needsBacktracking { return .backtracking(program) }
        if let automaton = PatternAutomaton(program) { return .automaton(automaton) }
        return .simulation(program)
    }

    /// - Parameter text: UTF-8, without JSON's escapes.
    package func match(_ text: UnsafeRawBufferPointer, using scratch: inout PatternScratch) -> PatternVerdict {
        Self.match(way, text, &scratch)
    }

    private static func match(
        _ way: Way, _ text: UnsafeRawBufferPointer, _ scratch: inout PatternScratch
    ) -> PatternVerdict {
        switch way {
        case .shortcut(let shortcut): return shortcut.matches(text) ? .matches : .differs
        case .automaton(let automaton): return automaton.matches(text) ? .matches : .differs
        case .simulation(let program): return PatternSimulation.match(program, text, &scratch)
        case .backtracking(let program): return PatternBacktracking.match(program, text, &scratch)
        case .conditions(let conditions):
            for condition in conditions {
                switch match(condition.way, text, &scratch) {
                case .matches: if condition.isNegative { return .differs }
                case .differs: if !condition.isNegative { return .differs }
                case .exhausted: return .exhausted
                }
            }
            return .matches
        }
    }

    /// As ``match(_:using:)``, with memory of its own where a search needs some.
    package func match(_ text: UnsafeRawBufferPointer) -> PatternVerdict {
        var scratch = PatternScratch()
        return match(text, using: &scratch)
    }

    /// Bytes that it takes beside itself, nearly.
    package var byteCount: Int { Self.byteCount(way) }

    private static func byteCount(_ way: Way) -> Int {
        switch way {
        case .shortcut(let shortcut): shortcut.byteCount
        case .automaton(let automaton): automaton.byteCount
        case .simulation(let program), .backtracking(let program): program.byteCount
        case .conditions(let conditions): conditions.reduce(0) { $0 + byteCount($1.way) }
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
