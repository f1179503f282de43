/// Makes the commented example: every key with its sentence, valid as it is.
package enum ConfigurationExample {
    /// `schema` is what the first line names to editors: a path or URL of the JSON Schema.
    package static func yaml(_ root: SectionSpecification, schema: String, introduction: [String]) -> String {
        var lines = ["# yaml-language-server: $schema=\(schema)"]
        lines += introduction.map { $0.isEmpty ? "#" : "# \($0)" }
        for key in root.keys where key.isAvailable {
            lines.append("")
            write(key, indent: "", into: &lines)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func write(_ key: KeySpecification, indent: String, into lines: inout [String]) {
        let inner = indent + "  "
        switch key.kind {
        case .section(let section):
            comment(section.doc, indent: indent, into: &lines)
            lines.append("\(indent)\(key.name):")
            write(section, indent: inner, into: &lines)
        case .variants(let specification):
            comment(specification.doc, indent: indent, into: &lines)
            lines.append("\(indent)\(key.name):")
            if let first = specification.variants.first {
                write(specification.section(first), indent: inner, into: &lines)
            }
        case .list(.section(let section), _):
            comment(key.doc, indent: indent, into: &lines)
            lines.append("\(indent)\(key.name):")
            write(item: section.keys, indent: inner, into: &lines)
        case .list(.variants(let specification), _):
            comment(key.doc, indent: indent, into: &lines)
            lines.append("\(indent)\(key.name):")
            write(specification, indent: inner, into: &lines)
        case .list, .text, .integer, .boolean, .duration, .byteSize, .choice:
            if !key.doc.isEmpty { comment(key.doc + note(key), indent: indent, into: &lines) }
            lines.append("\(indent)\(key.name): \(example(key).map(ConfigurationYAML.flow) ?? "")")
        }
    }

    /// One entry of each type; the keys that all have are written out in the first.
    private static func write(_ specification: VariantsSpecification, indent: String, into lines: inout [String]) {
        for (index, variant) in specification.variants.enumerated() {
            if index > 0 { lines.append("") }
            comment("Type \(variant.type): \(variant.doc)", indent: indent, into: &lines)
            let own = Set(["name", "type"] + variant.keys.map(\.name))
            let keys = specification.section(variant).keys.filter { index == 0 || own.contains($0.name) }
                .map { key in variant.examples[key.name].map { key.with(example: $0) } ?? key }
            let explained = index == 0 ? keys : keys.map { ["name", "type"].contains($0.name) ? $0.with(doc: "") : $0 }
            write(item: explained, indent: indent, into: &lines)
            if index > 0 { lines.append("\(indent)  # And what every \(specification.noun) has, as in the first.") }
        }
    }

    private static func write(_ section: SectionSpecification, indent: String, into lines: inout [String]) {
        for key in section.keys where key.isAvailable { write(key, indent: indent, into: &lines) }
    }

    /// An entry of a list: the dash stands before its first key, and the comment of that before the dash.
    private static func write(item keys: [KeySpecification], indent: String, into lines: inout [String]) {
        var inner: [String] = []
        for key in keys where key.isAvailable { write(key, indent: indent + "  ", into: &inner) }
        if let first = inner.firstIndex(where: { !$0.drop { $0 == " " }.hasPrefix("#") }) {
            for line in 0..<first { inner[line] = String(inner[line].dropFirst(2)) }
            inner[first] = "\(indent)- \(inner[first].dropFirst(indent.count + 2))"
        }
        lines += inner
    }

    private static func example(_ key: KeySpecification) -> ConfigurationLiteral? {
        if let example = key.example { return example }
        if case .defaulted(let literal) = key.presence { return literal }
        return nil
    }

    private static func note(_ key: KeySpecification) -> String {
        var note = ""
        if case .choice(let cases) = key.kind, cases.count > 1 { note += " One of \(cases.joined(separator: ", "))." }
        switch key.presence {
        case .required: note += " Required."
        case .defaulted(let literal) where key.example != nil: note += " Default: \(ConfigurationYAML.flow(literal))."
        case .derived(let text, _): note += " Default: \(text)."
        case .defaulted, .optional, .unavailable: break
        }
        return note
    }

    /// Comment lines of at most 100 columns.
    private static func comment(_ text: String, indent: String, into lines: inout [String]) {
        var line = "\(indent)#"
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > 100 {
                lines.append(line)
                line = "\(indent)#"
            }
            line += " \(word)"
        }
        lines.append(line)
    }
}

extension KeySpecification {
    fileprivate func with(example: ConfigurationLiteral) -> KeySpecification {
        KeySpecification(name, kind, doc, presence, secrecy: secrecy, example: example)
    }

    fileprivate func with(doc: String) -> KeySpecification {
        KeySpecification(name, kind, doc, presence, secrecy: secrecy, example: example)
    }
}
