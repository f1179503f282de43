/// A search that tries one way and goes back for the next: for what looks around or refers back. It takes at most so
/// many steps, and says so when they are used up.
struct PatternBacktracking {
    /// What to go back to.
    enum Choice: Sendable {
        case way(at: Int32, index: Int)
        /// A slot's value before it was changed.
        case slot(UInt16, Int)
    }

    private let instructions: UnsafeBufferPointer<PatternProgram.Instruction>
    private let classes: ScalarClasses
    private let text: UnsafeRawBufferPointer
    private var steps: Int
    private var slots: [Int]
    private var choices: [Choice]

    /// A slot without a value.
    private static let none = -1
    /// Choices that are kept as memory from one search to the next.
    private static let kept = 65_536

    static func match(
        _ program: PatternProgram, _ text: UnsafeRawBufferPointer, _ scratch: inout PatternScratch
    ) -> PatternVerdict {
        program.instructions.withUnsafeBufferPointer { match(program, $0, text, &scratch) }
    }

    private static func match(
        _ program: PatternProgram, _ instructions: UnsafeBufferPointer<PatternProgram.Instruction>,
        _ text: UnsafeRawBufferPointer, _ scratch: inout PatternScratch
    ) -> PatternVerdict {
        var search = PatternBacktracking(
            instructions: instructions, classes: program.classes, text: text,
            steps: PatternLimits.backtrackingSteps(text.count), slots: [], choices: [])
        swap(&search.slots, &scratch.slots)
        swap(&search.choices, &scratch.choices)
        defer {
            if search.choices.capacity > Self.kept { search.choices = [] }
            swap(&search.slots, &scratch.slots)
            swap(&search.choices, &scratch.choices)
        }
        search.slots.removeAll(keepingCapacity: true)
        for _ in 0..<program.slots { search.slots.append(Self.none) }
        search.choices.removeAll(keepingCapacity: true)
        let matches = search.run(from: 0, 0)
        if search.steps < 0 { return .exhausted }
        return matches ? .matches : .differs
    }

    /// - Returns: whether a way leads to `match`. Without steps left: false.
    private mutating func run(from instruction: Int32, _ begin: Int) -> Bool {
        let base = choices.count
        var at = instruction
        var index = begin
        while true {
            steps -= 1
            if steps < 0 { return false }
            if case .match = instructions[Int(at)] {
                // The ways not tried go, the slots' former values stay: who looked around may still go back.
                keepSlots(from: base)
                return true
            }
            if let next = step(at, &index) {
                at = next
                continue
            }
            guard let way = back(to: base) else { return false }
            (at, index) = way
        }
    }

    /// - Returns: the next instruction; nil: this way fails.
    private mutating func step(_ at: Int32, _ index: inout Int) -> Int32? {
        switch instructions[Int(at)] {
        case .match: return at
        case .set(let set):
            guard index < text.count, classes.contains(set: set, classes.take(text, &index)) else {
                return nil
            }
        case .setBackward(let set):
            guard index > 0, classes.contains(set: set, classes.takeBackward(text, &index)) else {
                return nil
            }
        case .jump(let target): return target
        case .split(let first, let second):
            choices.append(.way(at: second, index: index))
            return first
        case .start: if index > 0 { return nil }
        case .end: if index < text.count { return nil }
        case .wordBoundary: if !isWordBoundary(index) { return nil }
        case .notWordBoundary: if isWordBoundary(index) { return nil }
        case .save(let slot), .mark(let slot): set(slot, index)
        case .clear(let first, let end): for slot in first..<end { set(slot, Self.none) }
        case .progress(let slot): if slots[Int(slot)] == index { return nil }
        case .reference(let group):
            guard let taken = text(of: group) else { break }
            guard index + taken.count <= text.count, equals(taken, index) else { return nil }
            index += taken.count
        case .referenceBackward(let group):
            guard let taken = text(of: group) else { break }
            guard index >= taken.count, equals(taken, index - taken.count) else { return nil }
            index -= taken.count
        case .look(let isNegative, let behind):
            let base = choices.count
            let found = run(from: at + 1, index)
            if steps < 0 || found == isNegative {
                if isNegative { undo(to: base) }
                return nil
            }
            if isNegative { undo(to: base) }
            return behind
        }
        return at + 1
    }

    private mutating func set(_ slot: UInt16, _ value: Int) {
        choices.append(.slot(slot, slots[Int(slot)]))
        slots[Int(slot)] = value
    }

    /// The last way not tried; slots are again as they were there.
    private mutating func back(to base: Int) -> (Int32, Int)? {
        while choices.count > base, let choice = choices.popLast() {
            switch choice {
            case .way(let at, let index): return (at, index)
            case .slot(let slot, let value): slots[Int(slot)] = value
            }
        }
        return nil
    }

    private mutating func undo(to base: Int) {
        while back(to: base) != nil {}
    }

    private mutating func keepSlots(from base: Int) {
        var kept = base
        for index in base..<choices.count {
            if case .slot = choices[index] {
                choices[kept] = choices[index]
                kept += 1
            }
        }
        choices.removeSubrange(kept...)
    }

    private func text(of group: UInt16) -> Range<Int>? {
        let low = slots[Int(group) * 2]
        let high = slots[Int(group) * 2 + 1]
        return low == Self.none || high == Self.none ? nil : min(low, high)..<max(low, high)
    }

    private mutating func equals(_ taken: Range<Int>, _ index: Int) -> Bool {
        steps -= taken.count / 16
        for offset in 0..<taken.count where text[taken.lowerBound + offset] != text[index + offset] { return false }
        return true
    }

    private func isWordBoundary(_ index: Int) -> Bool {
        let before = index > 0 && Self.isWord(text[index - 1])
        let after = index < text.count && Self.isWord(text[index])
        return before != after
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
        default: false
        }
    }
}
