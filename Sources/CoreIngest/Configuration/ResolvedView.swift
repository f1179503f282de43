/// The configuration as it is in force, as YAML: defaults filled in, secrets masked.
package enum ResolvedView {
    package static func yaml(_ root: CheckedSection) -> String {
        var lines: [String] = []
        write(root, indent: "", into: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func write(_ section: CheckedSection, indent: String, into lines: inout [String]) {
        for key in section.specification.keys {
            guard let value = section.values[key.name] else { continue }
            switch value.content {
            case .section(let inner):
                guard !inner.values.isEmpty else { continue }
                lines.append("\(indent)\(key.name):")
                write(inner, indent: indent + "  ", into: &lines)
            case .list(let items):
                guard !items.isEmpty else {
                    lines.append("\(indent)\(key.name): []")
                    continue
                }
                lines.append("\(indent)\(key.name):")
                for item in items { write(item, of: key, indent: indent + "  ", into: &lines) }
            case .text, .integer, .boolean, .duration, .byteSize:
                lines.append("\(indent)\(key.name): \(scalar(value, key))")
            }
        }
    }

    private static func write(
        _ item: CheckedValue, of key: KeySpecification, indent: String, into lines: inout [String]
    ) {
        guard case .section(let section) = item.content else {
            lines.append("\(indent)- \(scalar(item, key))")
            return
        }
        var inner: [String] = []
        write(section, indent: indent + "  ", into: &inner)
        // The first line's indentation makes room for the dash.
        if let first = inner.first { inner[0] = "\(indent)- \(first.dropFirst(indent.count + 2))" }
        lines += inner.isEmpty ? ["\(indent)- {}"] : inner
    }

    private static func scalar(_ value: CheckedValue, _ key: KeySpecification) -> String {
        switch value.content {
        case .text(let text):
            switch key.secrecy {
            case .none: ConfigurationYAML.text(text)
            case .whole: ConfigurationYAML.quoted(SecretMasking.mask)
            case .connection: ConfigurationYAML.text(SecretMasking.connection(text))
            }
        case .integer(let number): String(number)
        case .boolean(let value): String(value)
        case .duration(let duration): DurationText.text(duration)
        case .byteSize(let bytes): ByteSizeText.text(bytes)
        case .list, .section: ""
        }
    }
}
