extension SchemaEvaluator {
    // MARK: Several schemas for one value

    /// Of a partial object it is not known what it lacks. A schema that it fails it fails for certain; one that it passes it may
    /// fail after all, so nothing is refused for passing.
    @inline(never) mutating func passesInPlace(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        let isPartial = partial && word.kind == .object
        switch instruction.operation {
        case .reference: return passes(program, instruction.a, word, value, view, partial: partial)
        case .allOf:
            for index in Int(instruction.a)..<Int(instruction.b)
            where !passes(program, program.branches[index], word, value, view, partial: partial) { return false }
            return true
        case .anyOf:
            for index in Int(instruction.a)..<Int(instruction.b)
            where passes(program, program.branches[index], word, value, view, partial: partial) { return true }
            return false
        case .oneOf:
            var matches = 0
            for index in Int(instruction.a)..<Int(instruction.b)
            where passes(program, program.branches[index], word, value, view, partial: partial) {
                if isPartial { return true }
                matches += 1
                if matches > 1 { return false }
            }
            return matches == 1
        case .tagged: return passesTagged(program, instruction, word, value, view, partial: partial)
        case .not: return isPartial || !passes(program, instruction.a, word, value, view, partial: false)
        case .conditional:
            let first = Int(instruction.a)
            let condition = passes(program, program.branches[first], word, value, view, partial: partial)
            if condition, passes(program, program.branches[first + 1], word, value, view, partial: partial) {
                return true
            }
            if condition && !isPartial { return false }
            return passes(program, program.branches[first + 2], word, value, view, partial: partial)
        default:
            guard word.kind == .object, has(program, instruction.a, value, view) else { return true }
            return passes(program, instruction.b, word, value, view, partial: partial)
        }
    }

    /// `anyOf` and `oneOf` by a tag: all branches but one want another word in it. A name that comes twice changes nothing, as
    /// each branch asks all of its values.
    private mutating func passesTagged(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ word: JSONWord, _ value: Int, _ view: JSONView,
        partial: Bool
    ) -> Bool {
        let set = program.wordSets[Int(instruction.b)]
        if word.kind == .object, let tag = member(program, set.tag, value, view).map({ view.word($0) }),
            tag.kind != .escapedString
        {
            guard tag.kind == .string, let found = program.word(view.raw(tag), in: set) else { return false }
            return passes(program, found.block, word, value, view, partial: partial)
        }
        var original = instruction
        original.operation = instruction.keyword == .anyOf ? .anyOf : .oneOf
        original.b = set.end
        return passesInPlace(program, original, word, value, view, partial: partial)
    }

    /// Whether an object has the property.
    func has(_ program: SchemaProgram, _ property: UInt32, _ value: Int, _ view: JSONView) -> Bool {
        member(program, property, value, view) != nil
    }

    /// The first value of a property that an object has.
    private func member(_ program: SchemaProgram, _ property: UInt32, _ value: Int, _ view: JSONView) -> Int? {
        let property = program.properties[Int(property)]
        let name = program.name(of: property)
        for member in view.members(value)
        where member.hash == property.hash && view.isName(view.word(member.name), name) { return member.value }
        return nil
    }

    // MARK: Objects

    /// `properties`, `patternProperties`, `required` and `additionalProperties`. Every occurrence of a name that comes twice is
    /// checked.
    mutating func members(
        _ program: SchemaProgram, _ object: SchemaObject, _ value: Int, _ view: JSONView, partial: Bool
    ) -> Bool {
        guard enter() else { return false }
        let base = seen.count
        let words = object.requiredCount == 0 || partial ? 0 : (Int(object.count) + 63) / 64
        for _ in 0..<words { seen.append(0) }
        defer {
            seen.removeLast(words)
            leave()
        }
        var required = 0
        for member in view.members(value) {
            let name = view.word(member.name)
            let word = view.word(member.value)
            var block = object.additional
            if let index = program.property(object, hash: member.hash, name: name, in: view) {
                let property = program.properties[index]
                block = property.block
                if words > 0, property.isRequired {
                    let bit = index &- Int(object.first)
                    let mask: UInt64 = 1 << UInt64(bit & 63)
                    if seen[base &+ (bit >> 6)] & mask == 0 {
                        seen[base &+ (bit >> 6)] |= mask
                        required &+= 1
                    }
                }
                if property.matchCount > 0, !passesMatches(program, property, word, member.value, view) { return false }
            } else if object.patternCount > 0 {
                guard let other = blockByPatterns(program, object, name, word, member.value, view) else { return false }
                block = other
            }
            if !passes(program, block, word, member.value, view, partial: false) { return false }
        }
        return words == 0 || required == Int(object.requiredCount)
    }

    @inline(never) private mutating func passesMatches(
        _ program: SchemaProgram, _ property: SchemaProperty, _ word: JSONWord, _ value: Int, _ view: JSONView
    ) -> Bool {
        for match in Int(property.firstMatch)..<Int(property.firstMatch + property.matchCount) {
            let rule = program.patternProperties[Int(program.branches[match])]
            if !passes(program, rule.block, word, value, view, partial: false) { return false }
        }
        return true
    }

    /// What a member under a name that is no property's is still to pass after the patterns that its name matches; nil when it
    /// fails one of those.
    @inline(never) private mutating func blockByPatterns(
        _ program: SchemaProgram, _ object: SchemaObject, _ name: JSONWord, _ word: JSONWord, _ value: Int,
        _ view: JSONView
    ) -> UInt32? {
        var block = object.additional
        for index in Int(object.firstPattern)..<Int(object.firstPattern + object.patternCount) {
            let rule = program.patternProperties[index]
            if !matches(program, rule.pattern, name, view) { continue }
            block = SchemaBlock.always
            if !passes(program, rule.block, word, value, view, partial: false) { return nil }
        }
        return block
    }

    @inline(never) mutating func passesObject(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ value: Int, _ view: JSONView, partial: Bool
    ) -> Bool {
        switch instruction.operation {
        case .propertyNames:
            for member in view.members(value)
            where !passes(program, instruction.a, view.word(member.name), member.name, view, partial: false) {
                return false
            }
            return true
        case .dependentRequired:
            if partial || !has(program, instruction.a, value, view) { return true }
            let object = program.objects[Int(instruction.b)]
            for index in object.first..<object.first + object.count where !has(program, index, value, view) {
                return false
            }
            return true
        default:
            let base = evaluated.count
            markEvaluated(program, instruction, value, view, partial: partial)
            defer { evaluated.removeLast(evaluated.count - base) }
            for (index, member) in view.members(value).enumerated() where !evaluated[base + index] {
                if !passes(program, instruction.a, view.word(member.value), member.value, view, partial: false) {
                    return false
                }
            }
            return true
        }
    }

    // MARK: Arrays

    @inline(never) mutating func passesArray(
        _ program: SchemaProgram, _ instruction: SchemaInstruction, _ value: Int, _ view: JSONView
    ) -> Bool {
        switch instruction.operation {
        case .items:
            var elements = view.elements(value)
            for _ in 0..<instruction.b { _ = elements.next() }
            let block = program.fusedBlocks[Int(instruction.a)]
            if block.end &- block.start == 1 {
                // Long arrays are of numbers or words, mostly.
                let only = program.fusedInstructions[Int(block.start)]
                while let element = elements.next() {
                    if !passes(program, only, view.word(element), element, view, partial: false) { return false }
                }
                return true
            }
            while let element = elements.next() {
                if !passes(program, instruction.a, view.word(element), element, view, partial: false) { return false }
            }
            return true
        case .prefix:
            var elements = view.elements(value)
            for index in Int(instruction.a)..<Int(instruction.b) {
                guard let element = elements.next() else { return true }
                if !passes(program, program.branches[index], view.word(element), element, view, partial: false) {
                    return false
                }
            }
            return true
        case .contains:
            let count = program.counts[Int(instruction.a)]
            var found: UInt32 = 0
            for element in view.elements(value) {
                if found >= count.least && count.most == .max { return true }
                if passes(program, count.block, view.word(element), element, view, partial: false) { found += 1 }
                if found > count.most { return false }
            }
            return found >= count.least && found <= count.most
        case .uniqueItems: return JSONEquality.areUnique(view, value)
        default:
            let base = evaluated.count
            markEvaluated(program, instruction, value, view, partial: false)
            defer { evaluated.removeLast(evaluated.count - base) }
            for (index, element) in view.elements(value).enumerated() where !evaluated[base + index] {
                if !passes(program, instruction.a, view.word(element), element, view, partial: false) { return false }
            }
            return true
        }
    }
}
