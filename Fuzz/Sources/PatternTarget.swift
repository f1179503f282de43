@testable import CoreIngest

/// A pattern, a zero byte, and a text: every way that can answer gives the same answer, or says that its steps are used up.
enum PatternTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        let split = input.firstIndex(of: 0) ?? input.count
        let source = UnsafeRawBufferPointer(rebasing: input[..<split])
        let text = UnsafeRawBufferPointer(rebasing: input[min(split + 1, input.count)...])
        let pattern: Pattern
        let program: PatternProgram
        do {
            pattern = try Pattern(source)
            let tree = try PatternParser.parse(source)
            let groups = tree.refersBack ? tree.groups : 0
            program = try PatternProgram(tree.simplified(keepsCaptures: groups > 0), groups: groups)
        } catch {
            promise(!error.message.contains("\n"), "an error of several lines: \(error)")
            promise(error.offset >= 0 && error.offset <= source.count, "an error outside the pattern: \(error)")
            return
        }
        promise(pattern.byteCount < 4 << 20, "\(pattern.byteCount) bytes")
        var scratch = PatternScratch()
        var answers = [pattern.match(text, using: &scratch), pattern.match(text)]
        answers.append(PatternBacktracking.match(program, text, &scratch))
        if !program.needsBacktracking {
            answers.append(PatternSimulation.match(program, text, &scratch))
            if let automaton = PatternAutomaton(program) {
                answers.append(automaton.matches(text) ? .matches : .differs)
            }
        }
        // Of what is not UTF-8 only an end is asked.
        guard [source, text].allSatisfy({ String(validating: $0, as: UTF8.self) != nil }) else { return }
        answers.removeAll { $0 == .exhausted }
        promise(Set(answers).count <= 1, "different answers: \(answers)")
    }
}
