/// What one key of a section may hold. Reading, the JSON Schema, the example and the reference page are all made of it.
package struct KeySpecification: Sendable {
    package let name: String
    package let kind: ValueKind
    /// One or two sentences for users.
    package let doc: String
    package let presence: Presence
    package let secrecy: Secrecy
    /// A value for the example, as one would write it; the default serves when there is none.
    package let example: ConfigurationLiteral?

    package enum Presence: Sendable {
        case required
        case optional
        /// Written as a user would write it, and checked as if a user had.
        case defaulted(ConfigurationLiteral)
        /// A default made of the keys that stand before it in the same section; `note` describes it to users.
        case derived(note: String, @Sendable (CheckedSection) -> String?)
        /// Known, but not part of this version: writing it is an error with this sentence.
        case unavailable(String)
    }

    package enum Secrecy: Sendable {
        case none
        /// The whole value; `{file: PATH}` may be written for it.
        case whole
        /// A URL or connection string that may hold a password; `{file: PATH}` may be written for it.
        case connection
    }

    package init(
        _ name: String, _ kind: ValueKind, _ doc: String, _ presence: Presence, secrecy: Secrecy = .none,
        example: ConfigurationLiteral? = nil
    ) {
        self.name = name
        self.kind = kind
        self.doc = doc
        self.presence = presence
        self.secrecy = secrecy
        self.example = example
    }

    /// A key of a later version: known, so that the error can say so.
    package static func unavailable(_ name: String, _ sentence: String) -> KeySpecification {
        KeySpecification(name, .text(.any), "", .unavailable(sentence))
    }

    var isAvailable: Bool {
        if case .unavailable = presence { false } else { true }
    }

    var isRequired: Bool {
        if case .required = presence { true } else { false }
    }
}

/// A value in a specification, as one would write it in the file.
package enum ConfigurationLiteral: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    case scalar(String)
    case list([String])

    package init(stringLiteral value: String) { self = .scalar(value) }
    package init(arrayLiteral elements: String...) { self = .list(elements) }

    /// The same as if it stood in a file.
    func node(at position: SourcePosition) -> ConfigurationNode {
        switch self {
        case .scalar(let text): ConfigurationNode(position: position, content: .scalar(text, .plain))
        case .list(let items):
            ConfigurationNode(
                position: position,
                content: .sequence(items.map { ConfigurationNode(position: position, content: .scalar($0, .quoted)) }))
        }
    }
}

/// The kinds of values.
package indirect enum ValueKind: Sendable {
    case text(TextRule)
    case integer(ClosedRange<Int>)
    case boolean
    case duration(ClosedRange<Duration>)
    case byteSize(ClosedRange<Int>)
    case choice([String])
    case list(of: ValueKind, minimum: Int)
    case section(SectionSpecification)
    case variants(VariantsSpecification)
}

/// What a text may look like.
package struct TextRule: Sendable {
    /// For messages, after "must be".
    package let description: String
    /// The same rule as an ECMA-262 pattern for the JSON Schema; nil when there is none.
    package let pattern: String?
    package let accepts: @Sendable (String) -> Bool

    package init(description: String, pattern: String?, accepts: @escaping @Sendable (String) -> Bool) {
        self.description = description
        self.pattern = pattern
        self.accepts = accepts
    }

    package static let any = TextRule(description: "a text", pattern: nil) { _ in true }
    package static let nonEmpty = TextRule(description: "a text that is not empty", pattern: "\\S") { text in
        text.unicodeScalars.contains { !$0.properties.isWhitespace }
    }
    /// Names of inputs and sinks: they appear in file names and metric labels.
    package static let identifier = TextRule(
        description: "1 to 63 letters, digits, '-' or '_'", pattern: "^[A-Za-z0-9_-]{1,63}$"
    ) { text in
        (1...63).contains(text.utf8.count) && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
    }

    /// ASCII letters and digits.
    package static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

/// A mapping with fixed keys.
package struct SectionSpecification: Sendable {
    package let doc: String
    package let keys: [KeySpecification]

    package init(_ doc: String, _ keys: [KeySpecification]) {
        self.doc = doc
        self.keys = keys
    }

    func key(_ name: String) -> KeySpecification? { keys.first { $0.name == name } }
}

/// A mapping whose keys depend on its `type`.
package struct VariantsSpecification: Sendable {
    /// What one is called, for messages: "sink".
    package let noun: String
    package let doc: String
    /// Keys that every type has. The `type` key itself is not among them.
    package let common: [KeySpecification]
    package let variants: [Variant]

    package struct Variant: Sendable {
        package let type: String
        package let doc: String
        package let keys: [KeySpecification]
        /// Values of common keys in the example that differ from type to type.
        package let examples: [String: ConfigurationLiteral]

        package init(
            type: String, doc: String, keys: [KeySpecification], examples: [String: ConfigurationLiteral] = [:]
        ) {
            self.type = type
            self.doc = doc
            self.keys = keys
            self.examples = examples
        }
    }

    package init(noun: String, doc: String, common: [KeySpecification], variants: [Variant]) {
        self.noun = noun
        self.doc = doc
        self.common = common
        self.variants = variants
    }

    /// The section of one type: names first, then what is special to it, then what all have.
    func section(_ variant: Variant) -> SectionSpecification {
        let type = KeySpecification(
            "type", .choice(variants.map(\.type)), "Which kind of \(noun) this is.", .required,
            example: .scalar(variant.type))
        let named = common.filter { $0.name == "name" }
        let rest = common.filter { $0.name != "name" }
        return SectionSpecification(variant.doc, named + [type] + variant.keys + rest)
    }
}
