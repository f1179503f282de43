/// Makes the reference page: one Markdown table for each section.
package enum ConfigurationReference {
    /// Tables in the order of the file, under second-level headings.
    package static func markdown(_ root: SectionSpecification) -> String {
        var lines: [String] = []
        section(root, path: "", into: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ section: SectionSpecification, path: String, into lines: inout [String]) {
        lines += ["", "## \(path.isEmpty ? "Top level" : "`\(path)`")", "", section.doc, ""]
        table(section.keys, into: &lines)
        inner(section.keys, path: path, into: &lines)
    }

    private static func inner(_ keys: [KeySpecification], path: String, into lines: inout [String]) {
        for key in keys where key.isAvailable {
            let keyPath = path.isEmpty ? key.name : "\(path).\(key.name)"
            switch key.kind {
            case .section(let inner): section(inner, path: keyPath, into: &lines)
            case .variants(let specification): variants(specification, path: keyPath, into: &lines)
            case .list(.section(let inner), _): section(inner, path: "\(keyPath)[]", into: &lines)
            case .list(.variants(let specification), _): variants(specification, path: "\(keyPath)[]", into: &lines)
            case .list, .text, .integer, .boolean, .duration, .byteSize, .choice: break
            }
        }
    }

    private static func variants(_ specification: VariantsSpecification, path: String, into lines: inout [String]) {
        lines += ["", "## `\(path)`", "", specification.doc, ""]
        let types = specification.variants.map(\.type)
        let type = KeySpecification("type", .choice(types), "Which kind of \(specification.noun) this is.", .required)
        table([type] + specification.common, into: &lines)
        inner(specification.common, path: path, into: &lines)
        for variant in specification.variants {
            lines += ["", "## `\(path)` with `type: \(variant.type)`", "", variant.doc]
            if !variant.keys.isEmpty { lines.append("") }
            table(variant.keys, into: &lines)
            inner(variant.keys, path: path, into: &lines)
        }
    }

    private static func table(_ keys: [KeySpecification], into lines: inout [String]) {
        let rows = keys.filter(\.isAvailable)
        guard !rows.isEmpty else { return }
        lines += ["| key | value | default | what it does |", "|---|---|---|---|"]
        for key in rows {
            let cells = ["`\(key.name)`", kind(key), presence(key), key.doc].map { $0.replacing("|", with: "\\|") }
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
    }

    private static func kind(_ key: KeySpecification) -> String {
        let text =
            switch key.kind {
            case .list(of: .section, _), .list(of: .variants, _): "list of sections"
            case .list(of: let item, _): "list, each \(item.description)"
            case .choice(let cases): cases.map { "`\($0)`" }.joined(separator: ", ")
            case .section, .variants, .text, .integer, .boolean, .duration, .byteSize: key.kind.description
            }
        return key.secrecy == .none ? text : "\(text), or `{file: PATH}`"
    }

    private static func presence(_ key: KeySpecification) -> String {
        switch key.presence {
        case .required: "required"
        case .optional, .unavailable: ""
        case .defaulted(let literal): "`\(ConfigurationYAML.flow(literal))`"
        case .derived(let note, _): note
        }
    }
}
