import CoreIngest

extension ConfigurationChecker {
    /// Valid and invalid events must not end up in one place.
    mutating func checkOutputsDiffer(_ section: CheckedSection) {
        guard let output = section.text("defaultOutput"), output == section.text("deadletterOutput"),
            let value = section.value("deadletterOutput")
        else { return }
        report(
            value.position, "deadletterOutput is the same as defaultOutput; give invalid events a place of their own")
    }

    /// What must hold between the keys of a sink, and between sinks.
    mutating func checkSinks(_ root: CheckedSection) {
        let sections = root.sections("sinks")
        if !root.failed.contains("sinks"), sections.allSatisfy({ $0.boolean("enabled") == false }) {
            report(
                root.value("sinks")?.position ?? root.position,
                "no sink is enabled; add one under 'sinks', such as {name: lake, type: file, path: ./out}")
        }
        checkUnique("name", of: "sink", in: sections)
        checkTargets(sections.filter { $0.boolean("enabled") == true })
        for section in sections {
            if section.boolean("deliveryRequired") == true, let value = section.section("park")?.changed("whenFull") {
                report(value.position, "park.whenFull has no effect with deliveryRequired: true; remove it")
            }
            if let retry = section.section("retry"), case .duration(let initial)? = retry.value("initial")?.content,
                case .duration(let max)? = retry.value("max")?.content, initial > max
            {
                report(retry.value("max")?.position, "retry.max is less than retry.initial; make it larger")
            }
            SinkConfiguration.types.first { $0.type == section.text("type") }?.check(section, &self)
        }
    }

    /// What must hold between inputs.
    mutating func checkInputs(_ root: CheckedSection) {
        let inputs = root.section("inputs")
        let sections = inputs?.sections("postgres") ?? []
        if let inputs, sections.isEmpty, !inputs.failed.contains("postgres"), !hasCollector(root) {
            report(
                inputs.position,
                "no input; add a database under 'inputs.postgres', or enable an HTTP input such as 'selfDescribing: {enabled: true}'"
            )
        }
        checkUnique("name", of: "input", in: sections)
        checkUnique("slot", of: "input", in: sections)
        for section in sections {
            guard case .list(let patterns)? = section.value("tables")?.content, let first = patterns.first else {
                continue
            }
            let onlyExcludes = patterns.allSatisfy {
                if case .text(let text) = $0.content { text.hasPrefix("!") } else { false }
            }
            if onlyExcludes {
                report(first.position, "tables only leaves tables out; add a pattern without '!', such as public.*")
            }
        }
    }

    /// No two sinks may write the same files or tables: they would tear each other's lines apart.
    private mutating func checkTargets(_ sections: [CheckedSection]) {
        var seen: [String: SourcePosition] = [:]
        for section in sections {
            guard let type = SinkConfiguration.types.first(where: { $0.type == section.text("type") }) else { continue }
            for target in type.targets(section) {
                if let first = seen.updateValue(section.position, forKey: target), first != section.position {
                    report(
                        section.position,
                        "this sink writes \(target), as the one in line \(first.line) does; give it another output")
                }
            }
        }
    }

    private mutating func checkUnique(_ key: String, of noun: String, in sections: [CheckedSection]) {
        var seen: [String: SourcePosition] = [:]
        for section in sections {
            guard let value = section.value(key), let text = section.text(key) else { continue }
            if let first = seen.updateValue(value.position, forKey: text) {
                report(
                    value.position,
                    "the \(key) '\(text)' of this \(noun) is taken by the one in line \(first.line); choose another")
            }
        }
    }
}
