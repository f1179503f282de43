/// Objects and arrays.
extension SchemaReporter {
    mutating func checkMembers(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let object = program.objects[Int(instruction.a)]
        if !partial { checkRequired(object, instruction, value, "required", "", because: nil) }
        for member in view.members(value) where !isFull {
            let word = view.word(member.name)
            let name = SchemaPointer.part(view.string(of: word))
            if let index = program.property(object, hash: member.hash, name: word, in: view) {
                let property = program.properties[index]
                for match in Int(property.firstMatch)..<Int(property.firstMatch + property.matchCount) {
                    let rule = program.patternProperties[Int(program.branches[match])]
                    check(rule.block, from: instruction, member.value, name: name)
                }
                if property.isDeclared || property.matchCount > 0 {
                    check(property.block, from: instruction, member.value, name: name)
                    continue
                }
            } else {
                var isKnown = false
                for index in Int(object.firstPattern)..<Int(object.firstPattern + object.patternCount) {
                    let rule = program.patternProperties[index]
                    evaluator.begin(view.bytes)
                    guard evaluator.matches(program, rule.pattern, word, view) else { continue }
                    isKnown = true
                    check(rule.block, from: instruction, member.value, name: name, group: "*")
                }
                if isKnown { continue }
            }
            checkOther(object, instruction, "additionalProperties", object.additional, member, of: value)
        }
    }

    /// A member that no name of the schema covers. `object`: the names that are known, if any.
    private mutating func checkOther(
        _ object: SchemaObject?, _ instruction: SchemaInstruction, _ keyword: String, _ block: UInt32,
        _ member: JSONView.Member, of value: Int
    ) {
        let name = view.string(of: view.word(member.name))
        guard program.isNever(block) else {
            return check(
                block, from: instruction, member.value, name: SchemaPointer.part(name), group: "*")
        }
        var suggestion: String?
        if let object { suggestion = NearestName.of(name, among: missingNames(object, in: value)) }
        var failure = failure(
            instruction, member.value, keyword: keyword, step: "/" + keyword, expected: "no other property",
            sentence: "must not have the property '\(Self.cut(name, to: 64))'", suggestion: suggestion)
        failure.instancePath += "/" + SchemaPointer.part(name)
        failure.groupPath += "/" + Self.groupPart(name)
        failures.append(failure)
    }

    /// The names that a schema lists and an object does not have, the first of them.
    private func missingNames(_ object: SchemaObject, in value: Int) -> [String] {
        var names: [String] = []
        for index in (Int(object.first)..<Int(object.first + object.count)).prefix(1000) {
            let name = program.name(of: program.properties[index])
            if view.find(value, name) == nil { names.append(String(decoding: name, as: UTF8.self)) }
        }
        return names
    }

    /// `required`, and what stands for it where another property is there.
    mutating func checkRequired(
        _ object: SchemaObject, _ instruction: SchemaInstruction, _ value: Int, _ keyword: String, _ step: String,
        because other: String?
    ) {
        for index in Int(object.first)..<Int(object.first + object.count) where program.properties[index].isRequired {
            let property = program.properties[index]
            guard !isFull, view.find(value, program.name(of: property)) == nil else { continue }
            let name = text(property)
            let reason = other.map { " where it has '\($0)'" } ?? ""
            var failure = failure(
                instruction, nil, keyword: keyword, step: "/\(keyword)\(step)", expected: name,
                sentence: "must have the property '\(name)'\(reason)",
                suggestion: nil)
            // One name that is missing is another fault than another.
            failure.groupPath += "/" + SchemaPointer.part(name)
            failures.append(failure)
        }
    }

    mutating func checkNames(_ instruction: SchemaInstruction, _ value: Int) {
        for member in view.members(value) where !isFull {
            let before = failures.count
            check(instruction.a, from: instruction, member.name)
            let name = Self.cut(view.string(of: view.word(member.name)), to: 64)
            for index in before..<failures.count {
                let demand = failures[index].message.dropFirst(here.count)
                failures[index].message = "the name '\(name)' of a property\(demand)"
            }
        }
    }

    mutating func checkElements(_ instruction: SchemaInstruction, _ value: Int) {
        for (index, element) in view.elements(value).enumerated() where !isFull {
            if instruction.operation == .items {
                if index >= Int(instruction.b) {
                    check(instruction.a, from: instruction, element, name: "\(index)", group: "*")
                }
            } else if Int(instruction.a) + index < Int(instruction.b) {
                check(program.branches[Int(instruction.a) + index], from: instruction, element, name: "\(index)")
            }
        }
    }

    mutating func checkUnevaluated(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let base = evaluator.evaluated.count
        evaluator.begin(view.bytes)
        evaluator.markEvaluated(program, instruction, value, view, partial: partial)
        if instruction.operation == .unevaluatedItems {
            for (index, element) in view.elements(value).enumerated()
            where !isFull && !evaluator.evaluated[base + index] {
                check(instruction.a, from: instruction, element, name: "\(index)", group: "*")
            }
        } else {
            for (index, member) in view.members(value).enumerated() where !isFull && !evaluator.evaluated[base + index]
            {
                checkOther(nil, instruction, "unevaluatedProperties", instruction.a, member, of: value)
            }
        }
        evaluator.evaluated.removeLast(evaluator.evaluated.count - base)
    }
}
