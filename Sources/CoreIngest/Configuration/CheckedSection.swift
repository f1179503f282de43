/// A value that passed its check, or a default.
package struct CheckedValue: Sendable {
    /// Where it was written; for a default, where its section begins.
    package let position: SourcePosition
    package let isDefault: Bool
    package let content: Content

    package enum Content: Sendable {
        case text(String)
        case integer(Int)
        case boolean(Bool)
        case duration(Duration)
        case byteSize(Int)
        case list([CheckedValue])
        case section(CheckedSection)
    }
}

/// A section with its defaults filled in. Read by typed keys: `section[Keys.port]`.
package struct CheckedSection: Sendable {
    package let position: SourcePosition
    /// For a section of variants, the specification of its type.
    package let specification: SectionSpecification
    package internal(set) var values: [String: CheckedValue] = [:]
    /// Keys with something wrong in or below them, which has been reported.
    package internal(set) var failed: Set<String> = []

    init(position: SourcePosition, specification: SectionSpecification) {
        self.position = position
        self.specification = specification
    }

    /// The value of a key. Only for sections of a configuration without problems, and keys of this very section.
    package subscript<Value>(_ key: Key<Value>) -> Value {
        guard let value = key.read(values[key.specification.name]) else {
            preconditionFailure("the key '\(key.specification.name)' is not one of this section")
        }
        return value
    }

    /// What stands under a name, when there is something and it passed its check.
    package func value(_ name: String) -> CheckedValue? { values[name] }

    /// The text under a name, when there is one and it passed its check.
    package func text(_ name: String) -> String? {
        if case .text(let text)? = values[name]?.content { text } else { nil }
    }

    /// A text that was written and is not the default: its key must have an effect then.
    package func changed(_ name: String) -> CheckedValue? {
        guard let value = values[name], !value.isDefault, case .text(let text) = value.content else { return nil }
        if case .defaulted(.scalar(text))? = specification.key(name)?.presence { return nil }
        return value
    }

    /// The boolean under a name, when there is one and it passed its check.
    package func boolean(_ name: String) -> Bool? {
        if case .boolean(let value)? = values[name]?.content { value } else { nil }
    }

    /// The section under a name, when it passed its check.
    package func section(_ name: String) -> CheckedSection? {
        if case .section(let section)? = values[name]?.content { section } else { nil }
    }

    /// The sections in the list under a name; empty when there is none.
    package func sections(_ name: String) -> [CheckedSection] {
        guard case .list(let items)? = values[name]?.content else { return [] }
        return items.compactMap { if case .section(let section) = $0.content { section } else { nil } }
    }
}
