/// What failures say.
extension SchemaReporter {
    /// The value's place, for people.
    var here: String { at.place.isEmpty ? "the payload" : at.place }

    func kind(_ value: Int) -> String { view.kind(value).rawValue }

    /// A failure of what stands here. `value`: nil where something is missing.
    func failure(
        _ instruction: SchemaInstruction, _ value: Int?, keyword: String, step: String, expected: String,
        sentence: String, suggestion: String?
    ) -> SchemaFailure {
        var got: String?
        var type = "absent"
        if let value {
            type = kind(value)
            if !reporting.hidesValues { got = cut(view.text(value)) }
        }
        return SchemaFailure(
            instancePath: at.place, keyword: keyword, schemaPath: at.route + step,
            schemaLocation: location(instruction, step), expected: expected,
            gotType: type, got: got, message: "\(here) \(sentence)\(Self.question(suggestion))",
            suggestion: suggestion, groupPath: at.group)
    }

    /// Adds the failure of one check.
    mutating func fail(
        _ instruction: SchemaInstruction, _ value: Int, expected: String, _ sentence: String? = nil
    ) {
        let keyword = instruction.keyword.name
        let type = instruction.operation == .type ? ", is \(kind(value))" : ""
        var failure = failure(
            instruction, value, keyword: keyword, step: instruction.operation == .never ? "" : "/" + keyword,
            expected: expected, sentence: sentence ?? "\(demand(instruction)) \(expected)\(type)",
            suggestion: instruction.operation == .choice ? nearestChoice(instruction, value) : nil)
        failure.choices = choices(instruction)
        failures.append(failure)
    }

    /// What is refused because it cannot be answered.
    mutating func add(_ trouble: SchemaTrouble) {
        failures.append(
            SchemaFailure(
                keyword: trouble == .depth ? "depth" : "budget", expected: trouble.expected, gotType: kind(0),
                message: "the payload must take \(trouble.expected)"))
    }

    static func question(_ suggestion: String?) -> String { suggestion.map { "; did you mean '\($0)'?" } ?? "" }

    /// The string of an `enum` that is nearest to another.
    private func nearestChoice(_ instruction: SchemaInstruction, _ value: Int) -> String? {
        guard let text = view.string(value), text.utf8.count <= 64 else { return nil }
        let constants = program.constants.view
        var choices: [String] = []
        for index in (Int(instruction.a)..<Int(instruction.b)).prefix(1000) {
            if let choice = constants.string(Int(program.choices[index])) { choices.append(choice) }
        }
        return NearestName.of(text, among: choices)
    }

    /// The first values of an `enum`, or that of a `const`.
    private func choices(_ instruction: SchemaInstruction) -> [String] {
        let first = Int(instruction.a)
        let end: Int
        switch instruction.operation {
        case .choice: end = min(Int(instruction.b), first + 16)
        case .constant: end = first + 1
        default: return []
        }
        var texts: [String] = []
        for index in first..<end { texts.append(cut(program.constants.view.text(Int(program.choices[index])))) }
        return texts
    }

    /// What goes before ``expectation(_:)``.
    private func demand(_ instruction: SchemaInstruction) -> String {
        switch instruction.operation {
        case .minLength, .maxLength, .minItems, .maxItems, .uniqueItems, .contains, .minProperties, .maxProperties:
            "must have"
        case .pattern, .not: "must"
        case .never, .type, .choice, .constant, .format, .content, .minimum, .maximum, .exclusiveMinimum,
            .exclusiveMaximum, .multipleOf, .items, .prefix, .object, .propertyNames, .dependentRequired,
            .dependentSchema, .allOf, .anyOf, .oneOf, .conditional, .reference, .unevaluatedItems,
            .unevaluatedProperties, .annotation, .typedString, .typedNumber, .words, .tagged:
            "must be"
        }
    }

    private func counted(_ count: UInt32, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }

    func expectation(_ instruction: SchemaInstruction) -> String {
        func bound() -> String {
            String(decoding: program.digits(of: program.bounds[Int(instruction.a)]), as: UTF8.self)
        }
        switch instruction.operation {
        case .never: return "absent"
        case .type: return SchemaTypes(mask: instruction.a).description
        case .choice:
            let more = instruction.b - instruction.a > 16 ? ", …" : ""
            return "one of " + choices(instruction).joined(separator: ", ") + more
        case .constant: return choices(instruction).joined()
        case .minLength: return "at least " + counted(instruction.a, "character", "characters")
        case .maxLength: return "at most " + counted(instruction.a, "character", "characters")
        case .minimum: return "at least \(bound())"
        case .maximum: return "at most \(bound())"
        case .exclusiveMinimum: return "more than \(bound())"
        case .exclusiveMaximum: return "less than \(bound())"
        case .multipleOf: return "a multiple of \(bound())"
        case .minItems: return "at least " + counted(instruction.a, "element", "elements")
        case .maxItems: return "at most " + counted(instruction.a, "element", "elements")
        case .uniqueItems: return "elements that differ from each other"
        case .minProperties: return "at least " + counted(instruction.a, "property", "properties")
        case .maxProperties: return "at most " + counted(instruction.a, "property", "properties")
        case .not: return "not match the schema under 'not'"
        case .format: return "of the format \(SchemaFormat(rawValue: instruction.a)?.name ?? "that the schema names")"
        case .pattern: return "match \(Self.cut(program.patternTexts[Int(instruction.a)], to: 64))"
        case .content: return "\(SchemaContent(rawValue: instruction.a).name)"
        case .contains:
            let count = program.counts[Int(instruction.a)]
            let most = count.most == .max ? "" : " and at most \(count.most)"
            return "at least \(count.least)\(most) elements that match the schema under 'contains'"
        case .items, .prefix, .object, .propertyNames, .dependentRequired, .dependentSchema, .allOf, .anyOf, .oneOf,
            .conditional, .reference, .unevaluatedItems, .unevaluatedProperties, .annotation, .typedString,
            .typedNumber, .words, .tagged:
            return "valid"
        }
    }

    func text(_ property: SchemaProperty) -> String { String(decoding: program.name(of: property), as: UTF8.self) }

    private func cut(_ text: UnsafeRawBufferPointer) -> String {
        let most = reporting.mostOfValue
        return Self.cut(String(decoding: text.prefix(most * 4 + 4), as: UTF8.self), to: most)
    }

    /// The first characters of a text, by code points; `…` where something is left out.
    static func cut(_ text: String, to most: Int) -> String {
        guard text.utf8.count > most, text.unicodeScalars.count > most else { return text }
        var out = String.UnicodeScalarView()
        out.append(contentsOf: text.unicodeScalars.prefix(most - 1))
        return String(out) + "…"
    }
}
