/// Finds all reasons why a payload does not pass, up to a cap: the second pass, after ``SchemaEvaluator`` said no.
struct SchemaReporter: ~Copyable {
    let program: SchemaProgram
    let view: JSONView
    /// Asked about branches.
    private var evaluator = SchemaEvaluator()
    private(set) var failures: [SchemaFailure] = []
    /// The place in the payload, as a JSON pointer.
    private var place = ""
    private var depth = 0

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
            reporter.check(program.root, 0, partial: partial)
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
        depth += 1
        defer { depth -= 1 }
        for index in Int(range.start)..<Int(range.end) where failures.count < SchemaFailure.cap {
            check(program.instructions[index], value, partial: partial)
        }
    }

    private mutating func check(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let word = view.word(value)
        switch instruction.operation {
        case .object:
            if word.kind == .object { checkMembers(instruction, value, partial: partial) }
        case .items:
            guard word.kind == .array else { return }
            let outer = place
            for (index, element) in view.elements(value).enumerated() where failures.count < SchemaFailure.cap {
                place = "\(outer)/\(index)"
                check(instruction.a, element, partial: false)
            }
            place = outer
        case .reference:
            // The evaluator's bound on depth holds here too: what it refused for depth is reported as that.
            if depth > 512 {
                add(instruction, value, expected: "less nesting")
            } else {
                check(instruction.a, value, partial: partial)
            }
        case .allOf:
            for index in Int(instruction.a)..<Int(instruction.b) {
                check(program.branches[index], value, partial: partial)
            }
        case .anyOf, .oneOf: checkBranches(instruction, value, partial: partial)
        case .never, .type, .choice, .constant, .minLength, .maxLength, .minimum, .maximum, .exclusiveMinimum,
            .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .minProperties, .maxProperties, .not,
            .format:
            if !evaluator.passes(program, instruction, word, value, view, partial: partial) {
                add(instruction, value, expected: expectation(instruction))
            }
        }
    }

    private mutating func checkMembers(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
        let object = program.objects[Int(instruction.a)]
        if !partial {
            for index in Int(object.first)..<Int(object.first + object.count) where program.properties[index].isRequired
            {
                let name = program.name(of: program.properties[index])
                guard view.find(value, name) == nil, failures.count < SchemaFailure.cap else { continue }
                let text = String(decoding: name, as: UTF8.self)
                failures.append(
                    SchemaFailure(
                        instancePath: place, keyword: "required", schemaPath: path(instruction, "required"),
                        expected: text,
                        got: "absent", message: "\(here) must have the property '\(text)'"))
            }
        }
        let outer = place
        for member in view.members(value) where failures.count < SchemaFailure.cap {
            let word = view.word(member.name)
            let name = view.string(of: word)
            let found = program.property(object, hash: member.hash, name: word, in: view).map { program.properties[$0] }
            if let found, found.isDeclared {
                place = "\(outer)/\(SchemaCompiler.pointerPart(name))"
                check(found.block, member.value, partial: false)
            } else if object.additional == SchemaBlock.never {
                place = outer
                failures.append(
                    SchemaFailure(
                        instancePath: "\(outer)/\(SchemaCompiler.pointerPart(name))", keyword: "additionalProperties",
                        schemaPath: path(instruction, "additionalProperties"), expected: "no other property",
                        got: excerpt(member.value), message: "\(here) must not have the property '\(name.prefix(64))'"))
            } else {
                place = "\(outer)/\(SchemaCompiler.pointerPart(name))"
                check(object.additional, member.value, partial: false)
            }
        }
        place = outer
    }

    /// anyOf and oneOf: the failures of the branch that comes closest stand for all.
    private mutating func checkBranches(_ instruction: SchemaInstruction, _ value: Int, partial: Bool) {
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
        if instruction.operation == .anyOf ? matches > 0 : matches == 1 { return }
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

    private mutating func add(
        _ instruction: SchemaInstruction, _ value: Int, expected: String, _ sentence: String? = nil
    ) {
        let kind = instruction.operation == .type ? ", is \(view.kind(value).rawValue)" : ""
        failures.append(
            SchemaFailure(
                instancePath: place, keyword: instruction.keyword, schemaPath: path(instruction, instruction.keyword),
                expected: expected, got: excerpt(value),
                message: "\(here) \(sentence ?? "must be \(expected)\(kind)")"))
    }

    /// The value's place, for people.
    private var here: String { place.isEmpty ? "the payload" : place }

    private func path(_ instruction: SchemaInstruction, _ keyword: String) -> String {
        let parent = "#" + program.paths[Int(instruction.path)]
        return instruction.operation == .never ? parent : "\(parent)/\(keyword)"
    }

    private func expectation(_ instruction: SchemaInstruction) -> String {
        let own = program.document.view
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
        case .constant: return text(Int(instruction.a))
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
        case .items, .object, .allOf, .anyOf, .oneOf, .reference: return "valid"
        }
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
