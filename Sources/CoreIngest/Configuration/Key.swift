/// A key of a section together with the Swift type of its values: one declaration for reading and for describing.
package struct Key<Value: Sendable>: Sendable {
    package let specification: KeySpecification
    /// Nil when the value is of another kind, which would be a mistake in the declaration.
    let read: @Sendable (CheckedValue?) -> Value?
}

extension Key where Value == String {
    package static func text(
        _ name: String, _ doc: String, _ presence: KeySpecification.Presence, rule: TextRule = .nonEmpty,
        secrecy: KeySpecification.Secrecy = .none, example: ConfigurationLiteral? = nil
    ) -> Key {
        let specification = KeySpecification(name, .text(rule), doc, presence, secrecy: secrecy, example: example)
        return Key(specification: specification) { if case .text(let text)? = $0?.content { text } else { nil } }
    }
}

extension Key where Value == String? {
    /// A text that may be missing and has no default.
    package static func optionalText(
        _ name: String, _ doc: String, rule: TextRule = .nonEmpty, secrecy: KeySpecification.Secrecy = .none,
        example: ConfigurationLiteral
    ) -> Key {
        let specification = KeySpecification(name, .text(rule), doc, .optional, secrecy: secrecy, example: example)
        return Key(specification: specification) { value in
            guard let value else { return .some(nil) }
            if case .text(let text) = value.content { return text }
            return nil
        }
    }
}

extension Key where Value == Int {
    package static func integer(
        _ name: String, _ doc: String, _ presence: KeySpecification.Presence, in range: ClosedRange<Int>,
        example: ConfigurationLiteral? = nil
    ) -> Key {
        let specification = KeySpecification(name, .integer(range), doc, presence, example: example)
        return Key(specification: specification) { if case .integer(let value)? = $0?.content { value } else { nil } }
    }

    /// In bytes.
    package static func byteSize(
        _ name: String, _ doc: String, _ presence: KeySpecification.Presence, in range: ClosedRange<Int>,
        example: ConfigurationLiteral? = nil
    ) -> Key {
        let specification = KeySpecification(name, .byteSize(range), doc, presence, example: example)
        return Key(specification: specification) { if case .byteSize(let value)? = $0?.content { value } else { nil } }
    }
}

extension Key where Value == Bool {
    package static func boolean(_ name: String, _ doc: String, _ presence: KeySpecification.Presence) -> Key {
        Key(specification: KeySpecification(name, .boolean, doc, presence)) {
            if case .boolean(let value)? = $0?.content { value } else { nil }
        }
    }
}

extension Key where Value == Duration {
    package static func duration(
        _ name: String, _ doc: String, _ presence: KeySpecification.Presence, in range: ClosedRange<Duration>,
        example: ConfigurationLiteral? = nil
    ) -> Key {
        let specification = KeySpecification(name, .duration(range), doc, presence, example: example)
        return Key(specification: specification) { if case .duration(let value)? = $0?.content { value } else { nil } }
    }
}

extension Key where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the cases, by their raw values.
    package static func choice(
        _ name: String, _ doc: String, _ presence: KeySpecification.Presence, example: ConfigurationLiteral? = nil
    ) -> Key {
        let kind = ValueKind.choice(Value.allCases.map(\.rawValue))
        return Key(specification: KeySpecification(name, kind, doc, presence, example: example)) {
            if case .text(let text)? = $0?.content { Value(rawValue: text) } else { nil }
        }
    }
}

extension Key where Value == [String] {
    package static func texts(
        _ name: String, _ doc: String, _ presence: KeySpecification.Presence, rule: TextRule = .nonEmpty,
        minimum: Int = 0,
        example: ConfigurationLiteral? = nil
    ) -> Key {
        let kind = ValueKind.list(of: .text(rule), minimum: minimum)
        return Key(specification: KeySpecification(name, kind, doc, presence, example: example)) { value in
            guard let value else { return [] }
            guard case .list(let items) = value.content else { return nil }
            return items.compactMap { if case .text(let text) = $0.content { text } else { nil } }
        }
    }
}

extension Key where Value == [String] {
    /// A list of secrets, which are masked wherever the configuration is shown.
    package static func secrets(_ name: String, _ doc: String, example: ConfigurationLiteral) -> Key {
        let kind = ValueKind.list(of: .text(.nonEmpty), minimum: 0)
        let specification = KeySpecification(name, kind, doc, .optional, secrecy: .whole, example: example)
        return Key(specification: specification) { value in
            guard let value else { return [] }
            guard case .list(let items) = value.content else { return nil }
            return items.compactMap { if case .text(let text) = $0.content { text } else { nil } }
        }
    }
}

extension Key where Value == CheckedSection {
    /// A section. When it is missing its defaults apply, and keys that it requires are missing.
    package static func section(_ name: String, _ specification: SectionSpecification) -> Key {
        Key(specification: KeySpecification(name, .section(specification), specification.doc, .optional)) {
            if case .section(let section)? = $0?.content { section } else { nil }
        }
    }

    /// A section whose keys depend on its `type`. When an optional one is missing, the defaults of its first type apply.
    package static func variants(_ name: String, _ specification: VariantsSpecification, isOptional: Bool = false)
        -> Key
    {
        let presence: KeySpecification.Presence = isOptional ? .optional : .required
        return Key(specification: KeySpecification(name, .variants(specification), specification.doc, presence)) {
            if case .section(let section)? = $0?.content { section } else { nil }
        }
    }
}

extension Key where Value == [CheckedSection] {
    /// A list of sections.
    package static func sections(_ name: String, _ doc: String, of kind: ValueKind) -> Key {
        Key(specification: KeySpecification(name, .list(of: kind, minimum: 0), doc, .optional)) { value in
            guard let value else { return [] }
            guard case .list(let items) = value.content else { return nil }
            return items.compactMap { if case .section(let section) = $0.content { section } else { nil } }
        }
    }
}
