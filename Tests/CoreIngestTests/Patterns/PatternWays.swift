@testable import CoreIngest

/// One pattern, asked in every way that can answer it.
enum PatternWays {
    static func pattern(_ source: String) throws -> Pattern {
        try Array(source.utf8).withUnsafeBytes { bytes in try Pattern(bytes) }
    }

    static func program(_ source: String) throws -> PatternProgram {
        try program(try tree(source))
    }

    static func answers(_ source: String, _ text: String) throws -> [(way: String, verdict: PatternVerdict)] {
        let program = try program(try tree(source))
        var answers = [("the pattern itself", try pattern(source).match(text))]
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { bytes in
            var scratch = PatternScratch()
            answers.append(("backtracking", PatternBacktracking.match(program, bytes, &scratch)))
            if program.needsBacktracking { return }
            answers.append(("simulation", PatternSimulation.match(program, bytes, &scratch)))
            if let automaton = PatternAutomaton(program) {
                answers.append(("automaton", automaton.matches(bytes) ? .matches : .differs))
            }
        }
        return answers
    }

    private static func tree(_ source: String) throws -> PatternTree {
        try Array(source.utf8).withUnsafeBytes { bytes in try PatternParser.parse(bytes) }
    }

    private static func program(_ tree: PatternTree) throws -> PatternProgram {
        let groups = tree.refersBack ? tree.groups : 0
        return try PatternProgram(tree.simplified(keepsCaptures: groups > 0), groups: groups)
    }
}

extension Pattern {
    func match(_ text: String) -> PatternVerdict { Array(text.utf8).withUnsafeBytes { match($0) } }
}
