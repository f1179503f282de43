/// Finds all reasons why a payload does not pass, up to a cap: the second pass, after ``SchemaEvaluator`` said no.
struct SchemaReporter: ~Copyable {
    let program: SchemaProgram
    let view: JSONView
    /// Asked about branches.
    private var evaluator = SchemaEvaluator()
    private(set) var failures: [SchemaFailure] = []
    /// The place in the payload, as a JSON pointer.
    private var place = ""

    private init(_ program: SchemaProgram, _ view: JSONView) {
        self.program = program
        self.view = view
    }

    /// The failures of a text. Of one that cannot be read only that, with the keyword `json`, `depth` or `size`.
    static func report(_ program: SchemaProgram, _ text: UnsafeRawBufferPointer, partial: Bool) -> [SchemaFailure] {
        var reader = JSONReader()
        do throws(JSONError) {
            let view = try reader.read(text)
            var reporter = SchemaReporter(program, view)
            let passes = reporter.evaluator.passes(program, view, partial: partial)
            let trouble = reporter.evaluator.trouble
            if trouble == nil || trouble == .pattern { reporter.check(program.root, 0, partial: partial) }
            if reporter.failures.isEmpty && !passes { reporter.add(trouble ?? .depth) }
            return reporter.failures
        } catch {
            let keyword = error.code == .tooDeep ? "depth" : error.code == .tooLarge ? "size" : "json"
            return [
                SchemaFailure(
                    instancePath: "", keyword: keyword, schemaPath: "#", expected: "JSON", got: "byte \(error.offset)",
                    message: "the payload is \(error)")
            ]
        }
    }

    private mutating func check(_ block: UInt32, _ value: Int, partial: Bool) {
        let range = program.blocks[Int(block)]
        for index in Int(range.start)..<Int(range.end) where failures.count < SchemaFailure.cap {
            check(program.instructions[index], value, partial: partial)
        }
    }

    private mutating func check(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let word = view.word(value)
        switch instruction.operation {
        case .object:
            if word.kind == .object { checkMembers(instruction, value, partial: partial) }
        case .items, .prefix:
            if word.kind == .array { checkElements(instruction, value) }
        case .unevaluatedProperties, .unevaluatedItems:
            if word.kind == (instruction.operation == .unevaluatedItems ? .array : .object) {
                checkUnevaluated(instruction, value, partial: partial)
            }
        case .propertyNames:
            guard word.kind == .object else { return }
            for member in view.members(value) {
                let before = failures.count
                check(instruction.a, member.name, partial: false)
                for index in before..<failures.count { failures[index].message += ", as the name of a property" }
            }
        case .dependentRequired:
            guard !partial, word.kind == .object, evaluator.has(program, instruction.a, value, view) else { return }
            let name = text(program.properties[Int(instruction.a)])
            let path = "\(path(instruction, instruction.keyword.name))/\(SchemaPointer.part(name))"
            checkRequired(program.objects[Int(instruction.b)], value, instruction.keyword.name, path)
        case .dependentSchema:
            if word.kind == .object, evaluator.has(program, instruction.a, value, view) {
                check(instruction.b, value, partial: partial)
            }
        case .conditional:
            let first = Int(instruction.a)
            let holds = evaluator.passes(program, program.branches[first], word, value, view, partial: partial)
            if partial && word.kind == .object {
                // What passes may fail after all: one of the two branches has to pass.
                if evaluator.passes(program, instruction, word, value, view, partial: true) { return }
            }
            check(program.branches[holds ? first + 1 : first + 2], value, partial: partial)
        case .reference: check(instruction.a, value, partial: partial)
        case .allOf:
            for index in Int(instruction.a)..<Int(instruction.b) {
                check(program.branches[index], value, partial: partial)
            }
        case .anyOf, .oneOf: checkBranches(instruction, value, partial: partial)
        case .never, .type, .choice, .constant, .minLength, .maxLength, .pattern, .format, .content, .minimum, .maximum,
            .exclusiveMinimum, .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .contains,
            .minProperties, .maxProperties, .not:
            evaluator.begin(view.bytes)
            if evaluator.passes(program, instruction, word, value, view, partial: partial) { return }
            add(instruction, value, expected: evaluator.trouble?.expected ?? expectation(instruction))
        }
    }

    private mutating func checkElements(_ instruction: SchemaInstruction, _ value: Int) {
        let outer = place
        for (index, element) in view.elements(value).enumerated() where failures.count < SchemaFailure.cap {
            place = "\(outer)/\(index)"
            if instruction.operation == .items {
                if index >= Int(instruction.b) { check(instruction.a, element, partial: false) }
            } else if Int(instruction.a) + index < Int(instruction.b) {
                check(program.branches[Int(instruction.a) + index], element, partial: false)
            }
        }
        place = outer
    }

    private mutating func checkUnevaluated(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let outer = place
        let base = evaluator.evaluated.count
        evaluator.markEvaluated(program, instruction, value, view, partial: partial)
        var index = 0
        if instruction.operation == .unevaluatedItems {
            for element in view.elements(value) where failures.count < SchemaFailure.cap {
                place = "\(outer)/\(index)"
                if !evaluator.evaluated[base + index] { check(instruction.a, element, partial: false) }
                index += 1
            }
        } else {
            for member in view.members(value) where failures.count < SchemaFailure.cap {
                place = "\(outer)/\(SchemaPointer.part(view.string(of: view.word(member.name))))"
                if !evaluator.evaluated[base + index] {
                    checkOther(instruction, "unevaluatedProperties", instruction.a, member, outer)
                }
                index += 1
            }
        }
        evaluator.evaluated.removeLast(evaluator.evaluated.count - base)
        place = outer
    }

    private mutating func checkRequired(_ object: SchemaObject, _ value: Int, _ keyword: String, _ path: String) {
        for index in Int(object.first)..<Int(object.first + object.count) where program.properties[index].isRequired {
            let property = program.properties[index]
            guard view.find(value, program.name(of: property)) == nil, failures.count < SchemaFailure.cap else {
                continue
            }
            let text = text(property)
            failures.append(
                SchemaFailure(
                    instancePath: place, keyword: keyword, schemaPath: path, expected: text, got: "absent",
                    message: "\(here) must have the property '\(text)'"))
        }
    }

    private mutating func checkMembers(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let object = program.objects[Int(instruction.a)]
        if !partial { checkRequired(object, value, "required", path(instruction, "required")) }
        let outer = place
        for member in view.members(value) where failures.count < SchemaFailure.cap {
            let word = view.word(member.name)
            place = "\(outer)/\(SchemaPointer.part(view.string(of: word)))"
            if let index = program.property(object, hash: member.hash, name: word, in: view) {
                let property = program.properties[index]
                for match in Int(property.firstMatch)..<Int(property.firstMatch + property.matchCount) {
                    let rule = program.patternProperties[Int(program.branches[match])]
                    check(rule.block, member.value, partial: false)
                }
                if property.isDeclared || property.matchCount > 0 {
                    check(property.block, member.value, partial: false)
                    continue
                }
            } else {
                var isKnown = false
                for index in Int(object.firstPattern)..<Int(object.firstPattern + object.patternCount) {
                    let rule = program.patternProperties[index]
                    evaluator.begin(view.bytes)
                    guard evaluator.matches(program, rule.pattern, word, view) else { continue }
                    isKnown = true
                    check(rule.block, member.value, partial: false)
                }
                if isKnown { continue }
            }
            checkOther(instruction, "additionalProperties", object.additional, member, outer)
        }
        place = outer
    }

    /// A member that no name of the schema covers.
    private mutating func checkOther(
        _ instruction: SchemaInstruction, _ keyword: String, _ block: UInt32, _ member: JSONView.Member,
        _ outer: String
    ) {
        guard program.isNever(block) else { return check(block, member.value, partial: false) }
        let inner = place
        let name = view.string(of: view.word(member.name))
        place = outer
        failures.append(
            SchemaFailure(
                instancePath: inner, keyword: keyword, schemaPath: path(instruction, keyword),
                expected: "no other property", got: excerpt(member.value),
                message: "\(here) must not have the property '\(name.prefix(64))'"))
        place = inner
    }

    /// anyOf and oneOf: the failures of the branch that comes closest stand for all.
    private mutating func checkBranches(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let word = view.word(value)
        evaluator.begin(view.bytes)
        if evaluator.passes(program, instruction, word, value, view, partial: partial) { return }
        let before = failures
        var matches = 0
        var closest: [SchemaFailure]?
        for index in Int(instruction.a)..<Int(instruction.b) {
            failures = []
            check(program.branches[index], value, partial: partial)
            if failures.isEmpty { matches += 1 }
            if closest.map({ rank(failures) < rank($0) }) ?? true { closest = failures }
        }
        failures = before
        let count = Int(instruction.b - instruction.a)
        if matches == 0, let closest {
            failures += closest.prefix(SchemaFailure.cap - failures.count)
        } else {
            add(
                instruction, value, expected: "exactly one of \(count) schemas",
                "matches \(matches) of \(count) schemas, not exactly one")
        }
    }

    /// How far a branch is from matching: another type of the value itself is farthest, then the number of failures counts.
    private func rank(_ failures: [SchemaFailure]) -> Int {
        failures.count + (failures.contains { $0.keyword == "type" && $0.instancePath == place } ? 1000 : 0)
    }

    // MARK: Words

    /// What is refused because it cannot be answered.
    private mutating func add(_ trouble: SchemaTrouble) {
        failures.append(
            SchemaFailure(
                instancePath: "", keyword: trouble == .depth ? "depth" : "budget", schemaPath: "#",
                expected: trouble.expected, got: excerpt(0), message: "the payload must take \(trouble.expected)"))
    }

    private mutating func add(
        _ instruction: SchemaInstruction, _ value: Int, expected: String, _ sentence: String? = nil
    ) {
        let kind = instruction.operation == .type ? ", is \(view.kind(value).rawValue)" : ""
        failures.append(
            SchemaFailure(
                instancePath: place, keyword: instruction.keyword.name,
                schemaPath: path(instruction, instruction.keyword.name),
                expected: expected, got: excerpt(value),
                message: "\(here) \(sentence ?? "must be \(expected)\(kind)")"))
    }

    /// The value's place, for people.
    private var here: String { place.isEmpty ? "the payload" : place }

    private func path(_ instruction: SchemaInstruction, _ keyword: String) -> String {
        let place = program.paths[Int(instruction.path)]
        let parent = place.isEmpty || place.hasPrefix("/") ? "#" + place : place
        return instruction.operation == .never ? parent : "\(parent)/\(keyword)"
    }

    private func expectation(_ instruction: SchemaInstruction) -> String {
        let own = program.constants.view
        func text(_ value: Int) -> String { Self.cut(own.text(value), to: SchemaFailure.mostOfGot) }
        func bound() -> String {
            String(decoding: program.digits(of: program.bounds[Int(instruction.a)]), as: UTF8.self)
        }
        switch instruction.operation {
        case .never: return "absent"
        case .type: return SchemaTypes(mask: instruction.a).description
        case .choice:
            let choices = (Int(instruction.a)..<Int(instruction.b)).prefix(16).map { text(Int(program.choices[$0])) }
            return "one of " + choices.joined(separator: ", ") + (instruction.b - instruction.a > 16 ? ", …" : "")
        case .constant: return text(Int(program.choices[Int(instruction.a)]))
        case .minLength: return "at least \(instruction.a) characters"
        case .maxLength: return "at most \(instruction.a) characters"
        case .minimum: return "at least \(bound())"
        case .maximum: return "at most \(bound())"
        case .exclusiveMinimum: return "more than \(bound())"
        case .exclusiveMaximum: return "less than \(bound())"
        case .multipleOf: return "a multiple of \(bound())"
        case .minItems: return "at least \(instruction.a) elements"
        case .maxItems: return "at most \(instruction.a) elements"
        case .uniqueItems: return "elements that differ from each other"
        case .minProperties: return "at least \(instruction.a) properties"
        case .maxProperties: return "at most \(instruction.a) properties"
        case .not: return "a value that does not match the schema under 'not'"
        case .format: return SchemaFormat(rawValue: instruction.a)?.name ?? "another format"
        case .pattern: return "a match of \(Self.cut(program.patternTexts[Int(instruction.a)]))"
        case .content: return "\(SchemaContent(rawValue: instruction.a).name)"
        case .contains:
            let count = program.counts[Int(instruction.a)]
            let most = count.most == .max ? "" : " and at most \(count.most)"
            return "at least \(count.least)\(most) elements that match the schema under 'contains'"
        case .items, .prefix, .object, .propertyNames, .dependentRequired, .dependentSchema, .allOf, .anyOf, .oneOf,
            .conditional, .reference, .unevaluatedItems, .unevaluatedProperties:
            return "valid"
        }
    }

    private func text(_ property: SchemaProperty) -> String {
        String(decoding: program.name(of: property), as: UTF8.self)
    }

    private static func cut(_ text: String) -> String {
        var arena = ByteArena(capacity: text.utf8.count)
        arena.append(text: text)
        return cut(arena.bytes, to: SchemaFailure.mostOfGot)
    }

    private func excerpt(_ value: Int) -> String { Self.cut(view.text(value), to: SchemaFailure.mostOfGot) }

    /// The first characters of a text, by code points; `…` where something is left out.
    private static func cut(_ text: UnsafeRawBufferPointer, to most: Int) -> String {
        if text.count <= most { return String(decoding: text, as: UTF8.self) }
        let scalars = String(decoding: text.prefix(most * 4), as: UTF8.self).unicodeScalars
        if text.count <= most * 4 && scalars.count <= most { return String(scalars) }
        var out = String.UnicodeScalarView()
        out.append(contentsOf: scalars.prefix(most - 1))
        return String(out) + "…"
    }
}
