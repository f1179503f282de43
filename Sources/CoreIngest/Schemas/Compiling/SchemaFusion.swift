/// The form of a program's blocks that is evaluated: small blocks that are referred to stand in place of the reference, and
/// checks that come together are one, and what a word decides is looked up. Reports go by the blocks as they were compiled.
struct SchemaFusion {
    let parts: SchemaProgram.Parts
    /// The values that the parts' choices lead to.
    let constants: JSONView
    private(set) var instructions: [SchemaInstruction] = []
    private(set) var blocks: [SchemaBlock] = []
    private(set) var ranges: [SchemaRange] = []
    var tables = SchemaWordTables()
    /// What was found for a range of choices, and for one of branches, by where they begin: a block may be put in many places.
    var knownWords: [UInt32: UInt32?] = [:]
    var knownTags: [UInt32: UInt32?] = [:]
    /// A block with no more instructions is put in the place of a reference to it.
    private static let mostInlined = 8
    /// A block is not made longer than this.
    private static let mostInstructions = 32
    private static let mostDepth = 8

    init(_ parts: SchemaProgram.Parts, _ constants: JSONView) {
        self.parts = parts
        self.constants = constants
        for block in parts.blocks.indices {
            var list: [SchemaInstruction] = []
            expand(UInt32(block), into: &list, depth: 0)
            let start = UInt32(instructions.count)
            fuse(list)
            blocks.append(SchemaBlock(start: start, end: UInt32(instructions.count)))
        }
    }

    /// What is in a block; compiling has made sure that it does not contain itself.
    func expand(_ block: UInt32, into list: inout [SchemaInstruction], depth: Int) {
        let range = parts.blocks[Int(block)]
        for instruction in parts.instructions[Int(range.start)..<Int(range.end)] {
            switch instruction.operation {
            case .reference: refer(instruction, to: instruction.a, into: &list, depth: depth)
            case .allOf:
                for index in Int(instruction.a)..<Int(instruction.b) {
                    refer(instruction, to: parts.branches[index], into: &list, depth: depth)
                }
            case .annotation: continue
            default: list.append(instruction)
            }
        }
    }

    private func refer(
        _ instruction: SchemaInstruction, to block: UInt32, into list: inout [SchemaInstruction], depth: Int
    ) {
        let range = parts.blocks[Int(block)]
        let count = Int(range.end - range.start)
        if count <= Self.mostInlined, list.count + count <= Self.mostInstructions, depth < Self.mostDepth {
            expand(block, into: &list, depth: depth + 1)
        } else {
            list.append(
                SchemaInstruction(operation: .reference, keyword: .ref, a: block, b: 0, path: instruction.path))
        }
    }

    private mutating func fuse(_ list: [SchemaInstruction]) {
        var index = 0
        while index < list.count {
            var instruction = list[index]
            index += 1
            switch instruction.operation {
            case .choice:
                if let set = words(of: instruction) {
                    instruction.operation = .words
                    instruction.b = set
                }
            case .anyOf, .oneOf:
                if let set = tags(of: instruction) {
                    instruction.operation = .tagged
                    instruction.b = set
                }
            case .type:
                if let fused = string(list, from: &index) {
                    instruction.operation = .typedString
                    instruction.b = fused
                } else if let range = range(list, from: &index) {
                    instruction.operation = .typedNumber
                    instruction.b = UInt32(ranges.count)
                    ranges.append(range)
                }
            default: break
            }
            instructions.append(instruction)
        }
    }

    /// The bounds of a length, the lower one in the low half; nil when there are none, or one does not fit.
    private func string(_ list: [SchemaInstruction], from index: inout Int) -> UInt32? {
        var least: UInt32 = 0
        var most: UInt32 = 0xFFFF
        var end = index
        while end < list.count, list[end].operation == .minLength || list[end].operation == .maxLength {
            guard list[end].a < 0xFFFF else { return nil }
            if list[end].operation == .minLength {
                least = max(least, list[end].a)
            } else {
                most = min(most, list[end].a)
            }
            end += 1
        }
        if end == index { return nil }
        index = end
        return most << 16 | least
    }

    private func range(_ list: [SchemaInstruction], from index: inout Int) -> SchemaRange? {
        var end = index
        var range = SchemaRange(least: .min, most: .max, lower: .max, upper: .max)
        while end < list.count {
            let operation = list[end].operation
            guard operation == .minimum && range.lower == .max || operation == .maximum && range.upper == .max,
                parts.bounds[Int(list[end].a)].isSmall
            else { break }
            let value = parts.bounds[Int(list[end].a)].small
            if operation == .minimum {
                range.least = value
                range.lower = list[end].a
            } else {
                range.most = value
                range.upper = list[end].a
            }
            end += 1
        }
        if end == index { return nil }
        index = end
        return range
    }
}

/// `minimum` and `maximum` in one.
struct SchemaRange: BitwiseCopyable {
    var least: Int64
    var most: Int64
    /// Into the program's bounds, for numbers of more digits; `.max` where there is none.
    var lower: UInt32
    var upper: UInt32
}
