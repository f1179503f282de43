/// A deterministic automaton: one look into a table per character. Made as a whole when the pattern is compiled, so
/// that threads share it without locks.
struct PatternAutomaton: Sendable {
    private let classes: ScalarClasses
    /// By state, then class, then the end of the text: the next state, as its place in this table.
    private let table: [UInt16]
    private let width: Int

    /// States that are no places of a program: nothing can match any more; it has matched.
    private static let dead = 0
    private static let accepted = 1

    /// - Returns: nil where it would be too large.
    init?(_ program: PatternProgram) {
        classes = program.classes
        width = program.classes.count + 1
        guard let table = Self.table(program, width) else { return nil }
        self.table = table
    }

    var byteCount: Int { table.count * 2 + classes.byteCount }

    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        classes.leads.withUnsafeBufferPointer { leads in
            table.withUnsafeBufferPointer { table in
                let accepted = Self.accepted &* width
                var state = 2 &* width
                var index = 0
                while index < text.count {
                    let lead = text[index]
                    var id = Int(leads[Int(lead)])
                    if lead < 0x80 { index &+= 1 } else { id = classes.take(text, &index) }
                    state = Int(table[state &+ id])
                    if state <= accepted { return state == accepted }
                }
                return Int(table[state &+ width &- 1]) == accepted
            }
        }
    }

    // MARK: Making

    /// What a state stands for: where the program waits, and what came before.
    private struct Kernel: Hashable {
        var states: [Int32]
        var before: PatternPlace.Side
    }

    private static func table(_ program: PatternProgram, _ width: Int) -> [UInt16]? {
        let most = min(PatternLimits.transitions, Int(UInt16.max))
        if 3 * width > most { return nil }
        var table = [UInt16](repeating: UInt16(dead), count: width)
        table += [UInt16](repeating: UInt16(accepted * width), count: width)
        var kernels = [Kernel(states: [0], before: .border)]
        var places: [Kernel: UInt16] = [kernels[0]: UInt16(2 * width)]
        let sides = (0..<program.classes.count).map { program.side(of: $0) }
        var seen = [UInt32](repeating: 0, count: program.instructions.count)
        var generation: UInt32 = 0
        var reached: [Int32] = []
        var pending: [Int32] = []
        var work = 0
        var next = 0
        while next < kernels.count {
            let kernel = kernels[next]
            next += 1
            let row = table.count
            table += [UInt16](repeating: UInt16(dead), count: width)
            guard table.count <= most else { return nil }
            for after in [PatternPlace.Side.border, .word, .other] {
                let ids = after == .border ? [width - 1] : sides.indices.filter { sides[$0] == after }
                if ids.isEmpty { continue }
                let place = PatternPlace(before: kernel.before, after: after)
                let matches = program.close(kernel.states, place, &reached, &pending, &seen, &generation, &work)
                for id in ids {
                    if matches {
                        table[row + id] = UInt16(accepted * width)
                        continue
                    }
                    if after == .border { continue }
                    var states: [Int32] = []
                    for state in reached {
                        if case .set(let set) = program.instructions[Int(state)], program.classes.contains(set: set, id)
                        {
                            states.append(state + 1)
                        }
                    }
                    work += reached.count
                    if states.isEmpty { continue }
                    states.sort()
                    // What came before matters to boundaries of words only, once something came.
                    let target = Kernel(states: states, before: program.usesWords ? after : .other)
                    if let known = places[target] {
                        table[row + id] = known
                    } else {
                        let place = (2 + kernels.count) * width
                        guard place + width <= most else { return nil }
                        places[target] = UInt16(place)
                        table[row + id] = UInt16(place)
                        kernels.append(target)
                    }
                }
                if work > PatternLimits.work { return nil }
            }
        }
        return table
    }
}
