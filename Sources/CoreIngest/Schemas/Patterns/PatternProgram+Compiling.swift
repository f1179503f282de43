extension PatternProgram {
    /// - Parameter groups: how many groups the tree has, if it refers back to one, else 0.
    init(_ tree: PatternTree, groups: Int) throws(PatternError) {
        var compiler = Compiler(groups: groups)
        if !tree.beginsAtStart {
            // A match may begin at any place: here, or after one more character.
            compiler.emit(.split(3, 1))
            compiler.emit(.set(try compiler.number(of: .all)))
            compiler.emit(.jump(0))
        }
        try compiler.emit(tree, backward: false)
        compiler.emit(.match)
        instructions = compiler.instructions
        classes = ScalarClasses(compiler.sets, words: compiler.usesWords)
        slots = compiler.slots
        usesWords = compiler.usesWords
        needsBacktracking = tree.needsBacktracking
    }

    private struct Compiler {
        var instructions: [Instruction] = []
        var sets: [ScalarSet] = []
        var numbers: [ScalarSet: UInt16] = [:]
        var usesWords = false
        /// Two borders for each group, then marks.
        var slots: Int
        let groups: Int

        init(groups: Int) {
            self.groups = groups
            slots = groups * 2
        }

        mutating func emit(_ instruction: Instruction) { instructions.append(instruction) }

        mutating func number(of set: ScalarSet) throws(PatternError) -> UInt16 {
            if let number = numbers[set] { return number }
            guard sets.count < PatternLimits.sets else {
                throw PatternError(
                    .tooLarge, at: 0, "the pattern has more than \(PatternLimits.sets) different characters and classes"
                )
            }
            sets.append(set)
            numbers[set] = UInt16(sets.count - 1)
            return UInt16(sets.count - 1)
        }

        /// - Parameter backward: the tree is read from its end, to look behind.
        mutating func emit(_ tree: PatternTree, backward: Bool) throws(PatternError) {
            guard instructions.count < PatternLimits.instructions else {
                throw PatternError(
                    .tooLarge, at: 0,
                    "the pattern grows to more than \(PatternLimits.instructions) steps: repeat less"
                )
            }
            switch tree {
            case .set(let set):
                let number = try number(of: set)
                emit(backward ? .setBackward(number) : .set(number))
            case .sequence(let parts):
                if backward {
                    for part in parts.reversed() { try emit(part, backward: true) }
                } else {
                    for part in parts { try emit(part, backward: false) }
                }
            case .alternatives(let parts):
                var ends: [Int] = []
                for part in parts.dropLast() {
                    let split = instructions.count
                    emit(.split(0, 0))
                    try emit(part, backward: backward)
                    ends.append(instructions.count)
                    emit(.jump(0))
                    instructions[split] = .split(Int32(split + 1), Int32(instructions.count))
                }
                if let last = parts.last { try emit(last, backward: backward) }
                for end in ends { instructions[end] = .jump(Int32(instructions.count)) }
            case .repetition(let body, let count, let captures):
                try emit(body, count, captures, backward: backward)
            case .capture(let body, let group):
                guard groups > 0 else { return try emit(body, backward: backward) }
                let first = UInt16((group - 1) * 2)
                emit(.save(backward ? first + 1 : first))
                try emit(body, backward: backward)
                emit(.save(backward ? first : first + 1))
            case .start: emit(.start)
            case .end: emit(.end)
            case .wordBoundary:
                usesWords = true
                emit(.wordBoundary)
            case .notWordBoundary:
                usesWords = true
                emit(.notWordBoundary)
            case .look(let body, let look):
                let begin = instructions.count
                emit(.look(isNegative: look.isNegative, 0))
                try emit(body, backward: !look.isAhead)
                emit(.match)
                instructions[begin] = .look(isNegative: look.isNegative, Int32(instructions.count))
            case .reference(let group):
                let number = UInt16(group - 1)
                emit(backward ? .referenceBackward(number) : .reference(number))
            }
        }

        private mutating func emit(
            _ body: PatternTree, _ count: PatternTree.Count, _ captures: PatternTree.Captures, backward: Bool
        ) throws(PatternError) {
            func turn(_ compiler: inout Compiler, checked: Bool) throws(PatternError) {
                if compiler.groups > 0, captures.first < captures.end {
                    compiler.emit(.clear(UInt16((captures.first - 1) * 2), UInt16((captures.end - 1) * 2)))
                }
                guard checked, body.mayBeEmpty else { return try compiler.emit(body, backward: backward) }
                let slot = compiler.slots
                guard slot < Int(UInt16.max) else {
                    throw PatternError(.tooLarge, at: 0, "the pattern has too many groups that may be empty")
                }
                compiler.slots += 1
                compiler.emit(.mark(UInt16(slot)))
                try compiler.emit(body, backward: backward)
                compiler.emit(.progress(UInt16(slot)))
            }
            for _ in 0..<count.least {
                let before = instructions.count
                try turn(&self, checked: false)
                if instructions.count == before { break }
            }
            guard let most = count.most else {
                let split = instructions.count
                emit(.split(0, 0))
                try turn(&self, checked: true)
                emit(.jump(Int32(split)))
                let (body, behind) = (Int32(split + 1), Int32(instructions.count))
                instructions[split] = count.isGreedy ? .split(body, behind) : .split(behind, body)
                return
            }
            var splits: [Int] = []
            for _ in 0..<max(0, most - count.least) {
                splits.append(instructions.count)
                emit(.split(0, 0))
                try turn(&self, checked: true)
                if instructions.count == splits[splits.count - 1] + 1 { break }
            }
            let behind = Int32(instructions.count)
            for split in splits {
                instructions[split] =
                    count.isGreedy ? .split(Int32(split + 1), behind) : .split(behind, Int32(split + 1))
            }
        }
    }
}
