/// Makes the JSON Schema (2020-12) of a configuration: for editors, and for checks before a deployment.
///
/// Where a value may come from a variable, a text with `${` in it passes too; what the variable holds is checked when the
/// configuration is read.
package enum ConfigurationSchema {
    /// The schema's text, with a newline at the end.
    package static func text(_ root: SectionSpecification, title: String) -> String {
        let head: [(String, SchemaJSON)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")), ("title", .text(title)),
        ]
        let definitions: [(String, SchemaJSON)] = [
            (
                "$defs",
                .object([
                    (
                        "variable",
                        .object([
                            ("description", .text("A value with ${VARIABLE} or ${VARIABLE:-default} in it.")),
                            ("type", .text("string")), ("pattern", .text("\\$\\{")),
                        ])
                    ),
                    (
                        "secretFile",
                        .object([
                            ("description", .text("A file that holds the value.")), ("type", .text("object")),
                            ("properties", .object([("file", .object([("type", .text("string"))]))])),
                            ("required", .texts(["file"])), ("additionalProperties", .literal("false")),
                        ])
                    ),
                ])
            )
        ]
        return SchemaJSON.object(head + members(of: root) + definitions).text() + "\n"
    }

    private static func members(of section: SectionSpecification, constant type: String? = nil) -> [(
        String, SchemaJSON
    )] {
        let keys = section.keys.filter(\.isAvailable)
        let required = keys.filter(mustBeWritten).map(\.name)
        let properties = keys.map { key -> (String, SchemaJSON) in
            if let type, key.name == "type" {
                return (key.name, .object([("description", .text(section.doc)), ("const", .text(type))]))
            }
            return (key.name, property(key))
        }
        var members: [(String, SchemaJSON)] = [
            ("description", .text(section.doc)), ("type", .text("object")), ("properties", .object(properties)),
        ]
        if !required.isEmpty { members.append(("required", .texts(required))) }
        members.append(("additionalProperties", .literal("false")))
        return members
    }

    /// Whether a key must be there: required itself, or a section with such a key in it.
    private static func mustBeWritten(_ key: KeySpecification) -> Bool {
        if case .section(let inner) = key.kind { return inner.keys.contains { $0.isAvailable && mustBeWritten($0) } }
        return key.isRequired
    }

    private static func property(_ key: KeySpecification) -> SchemaJSON {
        switch key.kind {
        case .section(let section): return .object(members(of: section))
        case .variants, .list, .text, .integer, .boolean, .duration, .byteSize, .choice:
            var members: [(String, SchemaJSON)] = [("description", .text(key.doc))]
            members += schema(key.kind, key)
            if case .defaulted(let literal) = key.presence { members.append(("default", value(literal, key.kind))) }
            if let example = key.example { members.append(("examples", .array([value(example, key.kind)]))) }
            return .object(members)
        }
    }

    private static func schema(_ kind: ValueKind, _ key: KeySpecification) -> [(String, SchemaJSON)] {
        switch kind {
        case .section(let section): return members(of: section)
        case .variants(let variants): return Self.variants(variants)
        case .list(let item, let minimum):
            let bound: [(String, SchemaJSON)] = minimum > 0 ? [("minItems", .literal(String(minimum)))] : []
            return [("type", .text("array")), ("items", .object(schema(item, key)))] + bound
        case .text(let rule):
            var alternatives: [SchemaJSON] = [text(rule)]
            if !rule.accepts("${VARIABLE}") { alternatives.append(variable) }
            if key.secrecy != .none { alternatives.append(.object([("$ref", .text("#/$defs/secretFile"))])) }
            if alternatives.count == 1, case .object(let members) = alternatives[0] { return members }
            return [("anyOf", .array(alternatives))]
        case .choice(let cases): return orVariable([.object([("enum", .texts(cases))])])
        case .boolean: return orVariable([.object([("type", .text("boolean"))])])
        case .integer(let range):
            return orVariable([number("\(range.lowerBound)", "\(range.upperBound)")])
        case .duration:
            return orVariable([.object([("type", .text("string")), ("pattern", .text("^[0-9]+(us|ms|s|m|h|d)$"))])])
        case .byteSize(let range):
            let pattern = "^[0-9]+ *(B|[KMGT]i?B)$"
            return orVariable([
                number("\(range.lowerBound)", "\(range.upperBound)"),
                .object([("type", .text("string")), ("pattern", .text(pattern))]),
            ])
        }
    }

    /// `if` the type is this `then` these keys: editors then complain about the keys and not about the alternatives.
    private static func variants(_ specification: VariantsSpecification) -> [(String, SchemaJSON)] {
        let rules = specification.variants.map { variant -> SchemaJSON in
            let isType = SchemaJSON.object([
                ("properties", .object([("type", .object([("const", .text(variant.type))]))])),
                ("required", .texts(["type"])),
            ])
            return .object([
                ("if", isType), ("then", .object(members(of: specification.section(variant), constant: variant.type))),
            ])
        }
        let types = SchemaJSON.object([
            ("description", .text("Which kind of \(specification.noun) this is.")),
            ("enum", .texts(specification.variants.map(\.type))),
        ])
        return [
            ("type", .text("object")), ("properties", .object([("type", types)])), ("required", .texts(["type"])),
            ("allOf", .array(rules)),
        ]
    }

    private static let variable = SchemaJSON.object([("$ref", .text("#/$defs/variable"))])

    private static func orVariable(_ alternatives: [SchemaJSON]) -> [(String, SchemaJSON)] {
        [("anyOf", .array(alternatives + [variable]))]
    }

    private static func text(_ rule: TextRule) -> SchemaJSON {
        .object([("type", .text("string"))] + (rule.pattern.map { [("pattern", .text($0))] } ?? []))
    }

    private static func number(_ minimum: String, _ maximum: String) -> SchemaJSON {
        .object([("type", .text("integer")), ("minimum", .literal(minimum)), ("maximum", .literal(maximum))])
    }

    private static func value(_ literal: ConfigurationLiteral, _ kind: ValueKind) -> SchemaJSON {
        switch literal {
        case .list(let items): return .texts(items)
        case .scalar(let text):
            switch kind.parse(text, .plain) {
            case .integer, .boolean: return .literal(text)
            case .text, .duration, .byteSize, .list, .section, nil: return .text(text)
            }
        }
    }
}
