/// Finds all reasons why a payload does not pass, up to a bound: the second pass, after ``SchemaEvaluator`` said no.
///
/// Of `anyOf` and `oneOf` the branch that comes closest speaks for all, or one failure that sums them up
/// (``SchemaAlternatives``). With `isExhaustive` every branch speaks, and annotations are collected: for ``SchemaOutput``.
struct SchemaReporter: ~Copyable {
    /// Where the walk stands.
    struct Standpoint {
        /// In the payload: ``SchemaFailure/instancePath``, ``SchemaFailure/groupPath``.
        var place = ""
        var group = ""
        /// In the schema: ``SchemaFailure/schemaPath``.
        var route = "#"
    }

    let program: SchemaProgram
    let view: JSONView
    let reporting: SchemaReporting
    let isExhaustive: Bool
    /// Asked about branches.
    var evaluator = SchemaEvaluator()
    var failures: [SchemaFailure] = []
    var annotations: [SchemaAnnotation] = []
    var at = Standpoint()
    /// How many branches of `anyOf` and `oneOf` may still be looked into. A schema can ask for any number of them.
    var branchesLeft = 1000

    private init(_ program: SchemaProgram, _ view: JSONView, _ reporting: SchemaReporting, isExhaustive: Bool) {
        self.program = program
        self.view = view
        self.reporting = reporting
        self.isExhaustive = isExhaustive
    }

    /// The failures of a text. Of one that cannot be read only that, with the keyword `json`, `depth` or `size`.
    static func report(
        _ program: SchemaProgram, _ text: UnsafeRawBufferPointer, partial: Bool,
        reporting: SchemaReporting = SchemaReporting()
    ) -> [SchemaFailure] {
        look(program, text, partial: partial, reporting: reporting, isExhaustive: false).failures
    }

    /// As above; with `isExhaustive` also its annotations, where there are no failures.
    static func look(
        _ program: SchemaProgram, _ text: UnsafeRawBufferPointer, partial: Bool, reporting: SchemaReporting,
        isExhaustive: Bool
    ) -> (failures: [SchemaFailure], annotations: [SchemaAnnotation]) {
        var reader = JSONReader()
        do throws(JSONError) {
            let view = try reader.read(text)
            var reporter = SchemaReporter(program, view, reporting, isExhaustive: isExhaustive)
            let passes = reporter.evaluator.passes(program, view, partial: partial)
            let trouble = reporter.evaluator.trouble
            if trouble == nil || trouble == .pattern { reporter.check(program.root, 0, partial: partial) }
            if reporter.failures.isEmpty && !passes { reporter.add(trouble ?? .depth) }
            return (reporter.failures, reporter.failures.isEmpty ? reporter.annotations : [])
        } catch {
            let keyword = error.code == .tooDeep ? "depth" : error.code == .tooLarge ? "size" : "json"
            let failure = SchemaFailure(
                keyword: keyword, expected: "JSON", gotType: "text", message: "the payload is \(error)")
            return ([failure], [])
        }
    }

    var isFull: Bool { failures.count >= reporting.mostFailures }

    // MARK: The walk

    mutating func check(_ block: UInt32, _ value: Int, partial: Bool) {
        let failed = failures.count
        let annotated = annotations.count
        let range = program.blocks[Int(block)]
        for index in Int(range.start)..<Int(range.end) where !isFull {
            check(program.instructions[index], value, partial: partial)
        }
        // A schema that does not hold says nothing of its value.
        if failures.count > failed { annotations.removeLast(annotations.count - annotated) }
    }

    /// Checks a block that a keyword of `instruction` leads to. `name` and `group`: the step in the payload, if any.
    mutating func check(
        _ block: UInt32, from instruction: SchemaInstruction, _ value: Int, partial: Bool = false,
        name: String? = nil, group: String? = nil
    ) {
        let outer = at
        if let name {
            at.place += "/" + name
            at.group += "/" + (group ?? name)
        }
        at.route += step(to: block, from: instruction)
        check(block, value, partial: partial)
        at = outer
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
        case .propertyNames: if word.kind == .object { checkNames(instruction, value) }
        case .dependentRequired:
            guard !partial, word.kind == .object, evaluator.has(program, instruction.a, value, view) else { return }
            let name = text(program.properties[Int(instruction.a)])
            checkRequired(
                program.objects[Int(instruction.b)], instruction, value, instruction.keyword.name,
                "/\(SchemaPointer.part(name))", because: name)
        case .dependentSchema:
            if word.kind == .object, evaluator.has(program, instruction.a, value, view) {
                check(instruction.b, from: instruction, value, partial: partial)
            }
        case .conditional:
            evaluator.begin(view.bytes)
            let first = Int(instruction.a)
            let holds = evaluator.passes(program, program.branches[first], word, value, view, partial: partial)
            if partial && word.kind == .object {
                // What passes may fail after all: one of the two branches has to pass.
                if evaluator.passes(program, instruction, word, value, view, partial: true) { return }
            }
            if isExhaustive && holds { check(program.branches[first], from: instruction, value, partial: partial) }
            check(program.branches[holds ? first + 1 : first + 2], from: instruction, value, partial: partial)
        case .reference: check(instruction.a, from: instruction, value, partial: partial)
        case .allOf:
            for index in Int(instruction.a)..<Int(instruction.b) where !isFull {
                check(program.branches[index], from: instruction, value, partial: partial)
            }
        case .anyOf, .oneOf: checkBranches(instruction, value, partial: partial)
        case .annotation, .typedString, .typedNumber, .words, .tagged: if isExhaustive { annotate(instruction) }
        case .never, .type, .choice, .constant, .minLength, .maxLength, .pattern, .format, .content, .minimum, .maximum,
            .exclusiveMinimum, .exclusiveMaximum, .multipleOf, .minItems, .maxItems, .uniqueItems, .contains,
            .minProperties, .maxProperties, .not:
            evaluator.begin(view.bytes)
            if evaluator.passes(program, instruction, word, value, view, partial: partial) { return }
            fail(instruction, value, expected: evaluator.trouble?.expected ?? expectation(instruction))
        }
    }

    private mutating func annotate(_ instruction: SchemaInstruction) {
        let value = Int(program.choices[Int(instruction.a)])
        annotations.append(
            SchemaAnnotation(
                instancePath: at.place, schemaPath: "\(at.route)/\(instruction.keyword.name)",
                schemaLocation: location(instruction, "/" + instruction.keyword.name),
                value: String(decoding: program.constants.view.text(value), as: UTF8.self)))
    }

    // MARK: Places in the schema

    /// From the subschema that holds an instruction to one that it leads to, as a part of a JSON pointer.
    private func step(to block: UInt32, from instruction: SchemaInstruction) -> String {
        if instruction.operation == .reference { return "/" + instruction.keyword.name }
        let range = program.blocks[Int(block)]
        guard range.start < range.end else { return "" }
        let inner = program.paths[Int(program.instructions[Int(range.start)].path)]
        let outer = program.paths[Int(instruction.path)]
        guard inner.utf8.starts(with: outer.utf8) else { return "/" + instruction.keyword.name }
        return String(decoding: inner.utf8.dropFirst(outer.utf8.count), as: UTF8.self)
    }

    /// Where something of the subschema that holds an instruction is written.
    func location(_ instruction: SchemaInstruction, _ step: String) -> String {
        let path = program.paths[Int(instruction.path)]
        let base = program.pathBases[Int(instruction.path)]
        guard base >= 0 else { return path.isEmpty || path.hasPrefix("/") ? "#\(path)\(step)" : path + step }
        let resource = program.resources[Int(base)]
        return "\(resource.uri)#\(String(decoding: path.utf8.dropFirst(resource.prefix), as: UTF8.self))\(step)"
    }

    /// A member's name as a part of ``Standpoint/group``, where the schema does not list it: one with a digit is likely another in
    /// each payload.
    static func groupPart(_ name: String) -> String {
        name.utf8.contains { $0.isASCIIDigit } ? "*" : SchemaPointer.part(name)
    }
}

/// What a schema says of a value that passes: the value of a keyword that checks nothing.
struct SchemaAnnotation: Equatable {
    var instancePath: String
    var schemaPath: String
    var schemaLocation: String
    /// JSON.
    var value: String
}
