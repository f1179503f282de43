/// Compares a file with its specification and finds everything that is wrong in one go.
package struct ConfigurationChecker {
    package private(set) var problems: [ConfigurationProblem] = []
    private var expander: ValueExpander

    /// A secret file's bound: 64 KiB.
    static let maxSecretBytes = 64 << 10

    package init(environment: @escaping ValueExpander.Environment) {
        expander = ValueExpander(environment: environment)
    }

    /// The root section, with defaults where something is missing or wrong: usable as a configuration only when there
    /// are no ``problems`` at the end, but good enough for further checks until then.
    package mutating func check(_ root: ConfigurationNode, against specification: SectionSpecification)
        -> CheckedSection
    {
        section(root, specification, path: "")
            ?? CheckedSection(position: root.position, specification: specification)
    }

    /// Adds a problem that was found by looking at several keys.
    package mutating func report(_ position: SourcePosition?, _ message: String) {
        problems.append(ConfigurationProblem(position: position, message: message))
    }

    // MARK: Sections

    private mutating func section(
        _ node: ConfigurationNode, _ specification: SectionSpecification, path: String
    ) -> CheckedSection? {
        guard let entries = entries(of: node, path: path) else { return nil }
        return section(entries, at: node.position, specification, path: path)
    }

    /// The entries of a mapping; none for a section that is there but empty.
    private mutating func entries(of node: ConfigurationNode, path: String) -> [ConfigurationNode.Entry]? {
        if case .mapping(let entries) = node.content { return entries }
        if node.isNull { return [] }
        report(
            node.position,
            "\(path.isEmpty ? "the file" : path) must be a section of 'key: value' lines, found \(node.noun)")
        return nil
    }

    private mutating func section(
        _ entries: [ConfigurationNode.Entry], at position: SourcePosition, _ specification: SectionSpecification,
        path: String, type: String? = nil
    ) -> CheckedSection {
        let place = path.isEmpty ? "at the top level" : "in \(path)\(type.map { " of type \($0)" } ?? "")"
        var written: [String: ConfigurationNode] = [:]
        for entry in entries {
            guard let key = specification.key(entry.key) else {
                report(entry.keyPosition, unknownKey(entry.key, place: place, specification))
                continue
            }
            if case .unavailable(let sentence) = key.presence {
                report(entry.keyPosition, sentence)
            } else {
                written[entry.key] = entry.value
            }
        }
        var section = CheckedSection(position: position, specification: specification)
        for key in specification.keys where key.isAvailable {
            let keyPath = path.isEmpty ? key.name : "\(path).\(key.name)"
            let problemsBefore = problems.count
            switch written[key.name].map({ present($0, for: key, path: keyPath) }) ?? .nothing {
            case .value(let node):
                section.values[key.name] = value(node, key.kind, key, path: keyPath, isDefault: false)
            case .nothing:
                section.values[key.name] = absent(key, in: section, place: place, path: keyPath)
            case .failed: break
            }
            if problems.count > problemsBefore { section.failed.insert(key.name) }
        }
        return section
    }

    private func unknownKey(_ name: String, place: String, _ specification: SectionSpecification) -> String {
        let known = specification.keys.filter(\.isAvailable).map(\.name)
        let start = "unknown key \(quoted(name)) \(place); "
        if let near = NearestName.of(name, among: known) { return start + "did you mean '\(near)'?" }
        return start + "it can be one of \(known.joined(separator: ", "))"
    }

    /// What applies when a key is not there.
    private mutating func absent(
        _ key: KeySpecification, in section: CheckedSection, place: String, path: String
    ) -> CheckedValue? {
        switch key.presence {
        case .required:
            let example = key.example.map { "; add e.g. '\(key.name): \(ConfigurationYAML.flow($0))'" } ?? ""
            report(section.position, "missing key '\(key.name)' \(place)\(example)")
            return nil
        case .optional:
            if case .section(let specification) = key.kind {
                let empty = self.section([], at: section.position, specification, path: path)
                return CheckedValue(position: section.position, isDefault: true, content: .section(empty))
            }
            if case .variants(let specification) = key.kind, let first = specification.variants.first {
                let type = ConfigurationLiteral.scalar(first.type).node(at: section.position)
                let entry = ConfigurationNode.Entry(key: "type", keyPosition: section.position, value: type)
                let node = ConfigurationNode(position: section.position, content: .mapping([entry]))
                return variant(node, specification, path: path).map {
                    CheckedValue(position: section.position, isDefault: true, content: .section($0))
                }
            }
            return nil
        case .defaulted(let literal):
            return value(literal.node(at: section.position), key.kind, key, path: path, isDefault: true)
        case .derived(_, let derive):
            guard let text = derive(section) else { return nil }
            return CheckedValue(position: section.position, isDefault: true, content: .text(text))
        case .unavailable: return nil
        }
    }

    // MARK: Values

    /// What is left of a written value when variables and secret files are put in.
    private enum Written {
        case value(ConfigurationNode)
        /// Null, or a plain value of nothing but empty variables: the same as not writing the key.
        case nothing
        /// It could not be put in, which has been reported.
        case failed
    }

    private mutating func present(_ node: ConfigurationNode, for key: KeySpecification, path: String) -> Written {
        switch node.content {
        case .scalar: return node.isNull ? .nothing : expanded(node)
        case .sequence: return .value(node)
        case .mapping(let entries):
            guard case .text = key.kind else { return .value(node) }
            if key.secrecy != .none, entries.count == 1, entries[0].key == "file" {
                return secret(entries[0].value, path: path)
            }
            let hint = key.secrecy == .none ? "write a single value" : "write a single value, or {file: PATH}"
            report(node.position, "\(path) must be a text, found a section; \(hint)")
            return .failed
        }
    }

    private mutating func expanded(_ node: ConfigurationNode) -> Written {
        guard case .scalar(let text, let style) = node.content else { return .value(node) }
        do throws(ValueExpander.Failure) {
            let result = try expander.expand(text)
            if result.changed, result.text.isEmpty, style == .plain { return .nothing }
            // Variables within flow collections must be quoted for YAML's sake: that does not make a number a text.
            let content = ConfigurationNode.Content.scalar(result.text, result.changed ? .plain : style)
            return .value(ConfigurationNode(position: node.position, content: content))
        } catch {
            report(node.position, error.message)
            return .failed
        }
    }

    private mutating func secret(_ node: ConfigurationNode, path: String) -> Written {
        guard case .scalar = node.content, !node.isNull else {
            report(node.position, "the file of \(path) must be a path")
            return .failed
        }
        guard case .value(let named) = expanded(node), case .scalar(let file, _) = named.content else { return .failed }
        do throws(BoundedFile.Failure) {
            var bytes = try BoundedFile.read(file, limit: Self.maxSecretBytes, regularOnly: true)
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
                throw BoundedFile.Failure(reason: "is not UTF-8 text")
            }
            return .value(ConfigurationNode(position: node.position, content: .scalar(text, .quoted)))
        } catch {
            report(node.position, "the file \(quoted(file)) of \(path) \(error.reason)")
            return .failed
        }
    }

    private mutating func value(
        _ node: ConfigurationNode, _ kind: ValueKind, _ key: KeySpecification, path: String, isDefault: Bool
    ) -> CheckedValue? {
        let content: CheckedValue.Content?
        switch kind {
        case .section(let specification):
            content = section(node, specification, path: path).map { .section($0) }
        case .variants(let specification):
            content = variant(node, specification, path: path).map { .section($0) }
        case .list(let item, let minimum):
            content = list(node, of: item, minimum: minimum, key, path: path, isDefault: isDefault)
        case .text, .integer, .boolean, .duration, .byteSize, .choice:
            guard case .scalar(let text, let style) = node.content else {
                report(node.position, "\(path) must be \(kind.description), found \(node.noun)")
                return nil
            }
            content = kind.parse(text, style)
            if content == nil { report(node.position, mismatch(text, style, kind, key, path: path)) }
        }
        return content.map { CheckedValue(position: node.position, isDefault: isDefault, content: $0) }
    }

    private mutating func list(
        _ node: ConfigurationNode, of kind: ValueKind, minimum: Int, _ key: KeySpecification, path: String,
        isDefault: Bool
    ) -> CheckedValue.Content? {
        guard case .sequence(let items) = node.content else {
            report(node.position, "\(path) must be a list, found \(node.noun); put '- ' before each entry")
            return nil
        }
        guard items.count >= minimum else {
            report(node.position, "\(path) must have at least \(minimum) \(minimum == 1 ? "entry" : "entries")")
            return nil
        }
        var checked: [CheckedValue] = []
        for item in items {
            guard case .value(let item) = item.isNull ? .value(item) : expanded(item) else { continue }
            if let value = value(item, kind, key, path: path, isDefault: isDefault) { checked.append(value) }
        }
        return .list(checked)
    }

    private mutating func variant(
        _ node: ConfigurationNode, _ specification: VariantsSpecification, path: String
    ) -> CheckedSection? {
        guard let entries = entries(of: node, path: path) else { return nil }
        let types = specification.variants.map(\.type)
        guard let entry = entries.first(where: { $0.key == "type" }), !entry.value.isNull else {
            report(node.position, "missing key 'type' in \(path); it is one of \(types.joined(separator: ", "))")
            return nil
        }
        guard case .scalar(let written, _) = entry.value.content else {
            report(
                entry.value.position,
                "\(path).type must be one of \(types.joined(separator: ", ")), found \(entry.value.noun)")
            return nil
        }
        guard case .value(let value) = expanded(entry.value), case .scalar(let text, _) = value.content else {
            return nil
        }
        guard let variant = specification.variants.first(where: { $0.type == text }) else {
            let advice = NearestName.of(text, among: types).map { "did you mean '\($0)'?" }
            report(
                entry.value.position,
                "unknown type \(quoted(written)) of \(specification.noun); "
                    + (advice ?? "it can be one of \(types.joined(separator: ", "))"))
            return nil
        }
        return section(entries, at: node.position, specification.section(variant), path: path, type: text)
    }

    private func mismatch(
        _ text: String, _ style: ConfigurationNode.ScalarStyle, _ kind: ValueKind, _ key: KeySpecification, path: String
    ) -> String {
        var message = "\(path) must be \(kind.description)"
        if key.secrecy == .none { message += ", found \(quoted(text))" }
        if case .choice(let cases) = kind, let near = NearestName.of(text, among: cases) {
            return message + "; did you mean '\(near)'?"
        }
        if style == .quoted, kind.parse(text, .plain) != nil { return message + "; leave the quotes away" }
        return message
    }
}
