/// What a word decides is looked up by its hash: membership in a long `enum`, and the branch of an `anyOf` or `oneOf` whose
/// branches each ask for another word in the same property.
extension SchemaFusion {
    /// Fewer choices are compared one after the other.
    private static let leastWords = 6
    /// Properties of the first branch that are tried as the tag.
    private static let mostTags = 8
    private static let mostPropertiesSearched = 64

    /// The set of an `enum` with many strings; nil when it is as well compared one after the other.
    mutating func words(of instruction: SchemaInstruction) -> UInt32? {
        guard instruction.b - instruction.a >= Self.leastWords else { return nil }
        if let known = knownWords[instruction.a] { return known }
        var entries: [(constant: UInt32, block: UInt32)] = []
        var isPlain = true
        for choice in parts.choices[Int(instruction.a)..<Int(instruction.b)] {
            switch constants.word(Int(choice)).kind {
            case .string: entries.append((choice, SchemaBlock.always))
            case .escapedString: isPlain = false
            default: continue
            }
        }
        let set = SchemaWordSet(first: 0, mask: 0, end: instruction.b)
        let number = isPlain ? tables.add(entries, in: constants, set).map { UInt32($0) } : nil
        knownWords[instruction.a] = .some(number)
        return number
    }

    /// The set of an `anyOf` or `oneOf` of which one branch at most can hold, by a property that each branch wants to be one of
    /// some words, no word in two branches.
    mutating func tags(of instruction: SchemaInstruction) -> UInt32? {
        if let known = knownTags[instruction.a] { return known }
        knownTags[instruction.a] = .some(nil)
        let branches = parts.branches[Int(instruction.a)..<Int(instruction.b)]
        guard branches.count > 1, let first = branches.first else { return nil }
        for tag in tags(of: first) {
            var entries: [(constant: UInt32, block: UInt32)] = []
            let isTag = branches.allSatisfy { branch in
                guard let words = words(under: parts.properties[tag], in: branch) else { return false }
                for word in words { entries.append((word, branch)) }
                return entries.count <= parts.choices.count
            }
            if !isTag { continue }
            let set = SchemaWordSet(first: 0, mask: 0, end: instruction.b, tag: UInt32(tag))
            guard let number = tables.add(entries, in: constants, set) else { continue }
            knownTags[instruction.a] = UInt32(number)
            return UInt32(number)
        }
        return nil
    }

    /// Properties that a block wants to be words, as indices.
    private func tags(of block: UInt32) -> [Int] {
        var tags: [Int] = []
        for object in objects(of: block) {
            for index in Int(
                object.first)..<Int(object.first + min(object.count, UInt32(Self.mostPropertiesSearched)))
            where tags.count < Self.mostTags && words(of: parts.properties[index].block) != nil {
                tags.append(index)
            }
        }
        return tags
    }

    private func objects(of block: UInt32) -> [SchemaObject] {
        var list: [SchemaInstruction] = []
        expand(block, into: &list, depth: 0)
        return list.filter { $0.operation == .object }.map { parts.objects[Int($0.a)] }
    }

    /// The words of which a block wants a property of that name to be one; nil when it takes anything else.
    private func words(under tag: SchemaProperty, in block: UInt32) -> ArraySlice<UInt32>? {
        let name = parts.name(of: tag)
        for object in objects(of: block) {
            var slot = UInt32(truncatingIfNeeded: tag.hash) & object.slotMask
            while true {
                let entry = Int(parts.slots[Int(object.slots + slot)])
                if entry == 0 { break }
                let property = parts.properties[entry - 1]
                if property.hash == tag.hash, parts.name(of: property) == name {
                    if let words = words(of: property.block) { return words }
                    break
                }
                slot = (slot + 1) & object.slotMask
            }
        }
        return nil
    }

    /// The words that alone pass a block; nil when others pass, or one is written with escapes.
    private func words(of block: UInt32) -> ArraySlice<UInt32>? {
        var list: [SchemaInstruction] = []
        expand(block, into: &list, depth: 0)
        for instruction in list
        where instruction.operation == .constant || instruction.operation == .choice {
            let end = instruction.operation == .constant ? instruction.a + 1 : instruction.b
            let choices = parts.choices[Int(instruction.a)..<Int(end)]
            if choices.allSatisfy({ constants.word(Int($0)).kind == .string }) { return choices }
        }
        return nil
    }
}

extension SchemaProgram.Parts {
    func name(of property: SchemaProperty) -> ArraySlice<UInt8> {
        names[Int(property.name.offset)..<Int(property.name.offset + property.name.count)]
    }
}
