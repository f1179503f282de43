/// What `unevaluatedProperties` and `unevaluatedItems` ask for: the members and elements that other keywords have looked at.
///
/// It is found by going once more through the keywords beside it, after all of them have passed. So nothing is kept while
/// validating, and schemas without these keywords pay nothing.
extension SchemaEvaluator {
    /// Pushes one flag for each member or element of a value: whether anything in the block `b` of an `unevaluated…` instruction,
    /// but for that itself, evaluates it.
    mutating func markEvaluated(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ value: Int, _ view: JSONView, partial: Bool
    ) {
        let base = evaluated.count
        for _ in 0..<view.count(value) { evaluated.append(false) }
        let range = program.blocks[Int(instruction.b)]
        for index in Int(range.start)..<Int(range.end) {
            let other = program.instructions[index]
            if other.operation != instruction.operation { mark(program, other, value, view, base, partial) }
        }
    }

    private mutating func mark(
        _ program: SchemaProgram, block: UInt32, _ value: Int, _ view: JSONView, _ base: Int, _ partial: Bool
    ) {
        guard enter() else { return }
        let range = program.blocks[Int(block)]
        for index in Int(range.start)..<Int(range.end) {
            mark(program, program.instructions[index], value, view, base, partial)
        }
        leave()
    }

    private mutating func mark(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ value: Int, _ view: JSONView, _ base: Int,
        _ partial: Bool
    ) {
        let word = view.word(value)
        switch instruction.operation {
        case .reference: mark(program, block: instruction.a, value, view, base, partial)
        case .allOf:
            for index in Int(instruction.a)..<Int(instruction.b) {
                mark(program, block: program.branches[index], value, view, base, partial)
            }
        case .anyOf, .oneOf:
            for index in Int(instruction.a)..<Int(instruction.b) {
                markIfPasses(program, program.branches[index], value, view, base, partial)
            }
        case .conditional:
            let first = Int(instruction.a)
            let holds = markIfPasses(program, program.branches[first], value, view, base, partial)
            let branch = program.branches[holds ? first + 1 : first + 2]
            markIfPasses(program, branch, value, view, base, partial)
        case .dependentSchema:
            if word.kind == .object, has(program, instruction.a, value, view) {
                mark(program, block: instruction.b, value, view, base, partial)
            }
        case .object:
            if word.kind == .object { markMembers(program, program.objects[Int(instruction.a)], value, view, base) }
        case .unevaluatedProperties: if word.kind == .object { markAll(from: 0, view.count(value), base) }
        case .unevaluatedItems: if word.kind == .array { markAll(from: 0, view.count(value), base) }
        case .items: if word.kind == .array { markAll(from: Int(instruction.b), view.count(value), base) }
        case .prefix:
            guard word.kind == .array else { return }
            for index in 0..<min(view.count(value), Int(instruction.b - instruction.a)) {
                evaluated[base + index] = true
            }
        case .contains:
            let count = program.counts[Int(instruction.a)]
            guard word.kind == .array, count.evaluates else { return }
            for (index, element) in view.elements(value).enumerated() where !evaluated[base + index] {
                let matches = passes(program, count.block, view.word(element), element, view, partial: false)
                if matches { evaluated[base + index] = true }
            }
        case .never, .type, .choice, .constant, .minLength, .maxLength, .pattern, .format, .content, .minimum, .maximum,
            .exclusiveMinimum, .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .minProperties,
            .maxProperties, .propertyNames, .dependentRequired, .not, .annotation, .typedString,
            .typedNumber, .words, .tagged:
            return
        }
    }

    @discardableResult private mutating func markIfPasses(
        _ program: SchemaProgram, _ block: UInt32, _ value: Int, _ view: JSONView, _ base: Int, _ partial: Bool
    ) -> Bool {
        guard passes(program, block, view.word(value), value, view, partial: partial) else { return false }
        mark(program, block: block, value, view, base, partial)
        return true
    }

    private mutating func markMembers(
        _ program: SchemaProgram, _ object: SchemaObject, _ value: Int, _ view: JSONView, _ base: Int
    ) {
        if object.hasAdditional { return markAll(from: 0, view.count(value), base) }
        for (number, member) in view.members(value).enumerated() where !evaluated[base + number] {
            let name = view.word(member.name)
            if let index = program.property(object, hash: member.hash, name: name, in: view) {
                let property = program.properties[index]
                if property.isDeclared || property.matchCount > 0 { evaluated[base + number] = true }
                continue
            }
            for index in Int(object.firstPattern)..<Int(object.firstPattern + object.patternCount)
            where matches(program, program.patternProperties[index].pattern, name, view) {
                evaluated[base + number] = true
            }
        }
    }

    private mutating func markAll(from first: Int, _ count: Int, _ base: Int) {
        for index in min(first, count)..<count { evaluated[base + index] = true }
    }
}
