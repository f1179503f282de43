/// What lies around a place between two characters, as far as assertions ask.
struct PatternPlace: Hashable, Sendable {
    enum Side: UInt8, Sendable {
        /// No character: the text begins or ends.
        case border
        case word
        case other
    }

    var before: Side
    var after: Side

    var isWordBoundary: Bool { (before == .word) != (after == .word) }
}

extension PatternProgram {
    func side(of id: Int) -> PatternPlace.Side { usesWords && classes.isWord[id] ? .word : .other }

    /// Follows all ways that take no character from the states in `kernel`, at `place`: those that wait for a
    /// character go to `reached`, each once.
    ///
    /// - Parameter steps: counted up by one for each instruction.
    /// - Returns: whether the pattern matches here.
    func close(
        _ kernel: [Int32], _ place: PatternPlace, _ reached: inout [Int32], _ pending: inout [Int32],
        _ seen: inout [UInt32], _ generation: inout UInt32, _ steps: inout Int
    ) -> Bool {
        if generation == .max {
            for index in seen.indices { seen[index] = 0 }
            generation = 0
        }
        generation += 1
        reached.removeAll(keepingCapacity: true)
        pending.removeAll(keepingCapacity: true)
        for state in kernel {
            pending.append(state)
            while var at = pending.popLast() {
                walk: while true {
                    steps += 1
                    if seen[Int(at)] == generation { break }
                    seen[Int(at)] = generation
                    switch instructions[Int(at)] {
                    case .match: return true
                    case .set:
                        reached.append(at)
                        break walk
                    case .jump(let target): at = target
                    case .split(let first, let second):
                        pending.append(second)
                        at = first
                    case .start:
                        if place.before != .border { break walk }
                        at += 1
                    case .end:
                        if place.after != .border { break walk }
                        at += 1
                    case .wordBoundary:
                        if !place.isWordBoundary { break walk }
                        at += 1
                    case .notWordBoundary:
                        if place.isWordBoundary { break walk }
                        at += 1
                    // A turn that takes nothing leads nowhere new.
                    case .mark, .progress, .save, .clear: at += 1
                    case .setBackward, .reference, .referenceBackward, .look: break walk
                    }
                }
            }
        }
        return false
    }
}
