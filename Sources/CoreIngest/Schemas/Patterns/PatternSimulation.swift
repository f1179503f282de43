/// A search that follows all states of a program at once, character by character: time proportional to the text,
/// without a table. For programs whose automaton would be too large.
enum PatternSimulation {
    static func match(
        _ program: PatternProgram, _ text: UnsafeRawBufferPointer, _ scratch: inout PatternScratch
    ) -> PatternVerdict {
        if scratch.seen.count < program.instructions.count {
            scratch.seen = [UInt32](repeating: 0, count: program.instructions.count)
            scratch.generation = 0
        }
        let most = PatternLimits.simulationSteps(text.count)
        var steps = 0
        var before = PatternPlace.Side.border
        var index = 0
        scratch.current.removeAll(keepingCapacity: true)
        scratch.current.append(0)
        while index < text.count {
            let id = program.classes.take(text, &index)
            let after = program.side(of: id)
            if close(program, PatternPlace(before: before, after: after), &scratch, &steps) { return .matches }
            if steps > most { return .exhausted }
            scratch.next.removeAll(keepingCapacity: true)
            for state in scratch.reached {
                if case .set(let set) = program.instructions[Int(state)], program.classes.contains(set: set, id) {
                    scratch.next.append(state + 1)
                }
            }
            if scratch.next.isEmpty { return .differs }
            swap(&scratch.current, &scratch.next)
            before = after
        }
        return close(program, PatternPlace(before: before, after: .border), &scratch, &steps) ? .matches : .differs
    }

    private static func close(
        _ program: PatternProgram, _ place: PatternPlace, _ scratch: inout PatternScratch, _ steps: inout Int
    ) -> Bool {
        program.close(
            scratch.current, place, &scratch.reached, &scratch.pending, &scratch.seen, &scratch.generation, &steps)
    }
}
