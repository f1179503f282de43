/// Questions about a program that are asked when it is specialised for a table, and not for any row.
extension SchemaProgram {
    /// What the value of a member is to pass, by the name of the member; nil where the name alone costs the answer.
    func blocks(under name: JSONWord, of object: SchemaObject, in view: JSONView) -> [UInt32]? {
        if let index = property(object, hash: JSONString.hash(view.bytes.bytes, name), name: name, in: view) {
            let property = properties[index]
            let matches = Int(property.firstMatch)..<Int(property.firstMatch + property.matchCount)
            return [property.block] + matches.map { patternProperties[Int(branches[$0])].block }
        }
        var evaluator = SchemaEvaluator()
        evaluator.begin(view.bytes)
        let rules = (Int(object.firstPattern)..<Int(object.firstPattern + object.patternCount))
            .map { patternProperties[$0] }
            .filter { evaluator.matches(self, $0.pattern, name, view) }
        if evaluator.trouble != nil { return nil }
        return rules.isEmpty ? [object.additional] : rules.map(\.block)
    }

    /// Whether a value passes a block.
    func passes(_ block: UInt32, _ view: JSONView, _ value: Int) -> Bool {
        var evaluator = SchemaEvaluator()
        evaluator.begin(view.bytes)
        return evaluator.passes(self, block, view.word(value), value, view, partial: false) && evaluator.trouble == nil
    }

    /// Whether a scalar, given by its text, passes a block.
    func passes(_ block: UInt32, _ text: StaticString) -> Bool {
        guard let document = try? JSONDocument("\(text)") else { return false }
        return passes(block, document.view, 0)
    }

    /// Whether a scalar, given by its text, passes one check.
    func passes(_ instruction: SchemaInstruction, _ text: StaticString) -> Bool {
        guard let document = try? JSONDocument("\(text)") else { return false }
        let view = document.view
        var evaluator = SchemaEvaluator()
        evaluator.begin(view.bytes)
        return evaluator.passes(self, instruction, view.word(0), 0, view, partial: false) && evaluator.trouble == nil
    }

    /// How many instructions a block comes to, with all that it leads to, each as often as it is reached; nil beyond `most`.
    func weight(of block: UInt32, most: Int) -> Int? {
        var weight = 0
        return add(block, to: &weight, most) ? weight : nil
    }

    private func add(_ block: UInt32, to weight: inout Int, _ most: Int) -> Bool {
        let range = fusedBlocks[Int(block)]
        for index in Int(range.start)..<Int(range.end) {
            weight += 1
            guard weight <= most, addInner(fusedInstructions[index], to: &weight, most) else { return false }
        }
        return true
    }

    private func addInner(_ instruction: SchemaInstruction, to weight: inout Int, _ most: Int) -> Bool {
        func addAll(_ list: Range<Int>) -> Bool { list.allSatisfy { add(branches[$0], to: &weight, most) } }
        switch instruction.operation {
        case .never, .type, .choice, .constant, .minLength, .maxLength, .pattern, .format, .content, .minimum, .maximum,
            .exclusiveMinimum, .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .minProperties,
            .maxProperties, .dependentRequired, .annotation, .typedString, .typedNumber, .words:
            return true
        case .items, .propertyNames, .not, .reference: return add(instruction.a, to: &weight, most)
        case .unevaluatedProperties, .unevaluatedItems: return false
        case .dependentSchema: return add(instruction.b, to: &weight, most)
        case .prefix, .allOf, .anyOf, .oneOf: return addAll(Int(instruction.a)..<Int(instruction.b))
        case .conditional: return addAll(Int(instruction.a)..<Int(instruction.a) + 3)
        case .tagged: return addAll(Int(instruction.a)..<Int(wordSets[Int(instruction.b)].end))
        case .contains: return add(counts[Int(instruction.a)].block, to: &weight, most)
        case .object:
            let object = objects[Int(instruction.a)]
            return (Int(object.first)..<Int(object.first + object.count)).allSatisfy {
                add(properties[$0].block, to: &weight, most)
            }
                && (Int(object.firstPattern)..<Int(object.firstPattern + object.patternCount)).allSatisfy {
                    add(patternProperties[$0].block, to: &weight, most)
                } && add(object.additional, to: &weight, most)
        }
    }
}
