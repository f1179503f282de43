package import CoreIngest

/// What every registry of schemas promises, as checks against a real one that is empty for the vendors used here.
///
/// Answers what does not hold, one line each; empty when all does.
package enum RegistryConformance {
    /// What a registry cannot do, and is therefore not asked for.
    package struct Exceptions: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// Versions are given by the registry itself, in order: a version can be published only as the next one.
        package static let versionsInOrder = Exceptions(rawValue: 1)
        /// It has no list of all names.
        package static let noNames = Exceptions(rawValue: 2)
    }

    package static func failures(_ registry: any WritableSchemaRegistry, _ exceptions: Exceptions = []) throws
        -> [String]
    {
        var failures: [String] = []
        func check(_ holds: Bool, _ what: String) { if !holds { failures.append("\(registry.description): \(what)") } }
        func name(_ text: String) throws(SchemaError) -> SchemaName {
            guard let name = SchemaName(parsing: text) else { throw SchemaError(.malformed, "no name: \(text)") }
            return name
        }
        let first = try name("iglu:com.acme.conform-ance/ev_ent-Name/jsonschema/1-0-0")
        let other = try name("iglu:com.acme.conform/event/jsonschema/1-0-0")

        check(try registry.text(of: first) == nil, "an unknown schema is not there")
        check(
            try registry.versions(vendor: first.vendor, name: first.name).isEmpty, "an unknown schema has no versions")

        let text = Self.text(first, #""título 🐘 \\u0041 / \"quoted\"""#)
        try registry.publish(text, as: first)
        check(
            try registry.text(of: first).map { SchemaText.areEqual($0, text) } == true, "what is published comes back")
        try registry.publish(text, as: first)
        check(
            try registry.versions(vendor: first.vendor, name: first.name) == [first.version],
            "publishing the same again changes nothing")
        do {
            try registry.publish(Self.text(first, #""another""#), as: first)
            check(false, "another text under a taken name is refused")
        } catch {
            check(error.code == .conflict, "another text under a taken name is a conflict, not \(error.code)")
        }
        check(
            try registry.text(of: first).map { SchemaText.areEqual($0, text) } == true,
            "a refused text leaves what is there")

        let later =
            exceptions.contains(.versionsInOrder)
            ? ["1-0-1", "1-0-2"] : ["1-0-1", "1-0-2", "1-1-0", "2-0-0", "1-0-10"]
        for version in later {
            let next = try name("iglu:\(first.vendor)/\(first.name)/jsonschema/\(version)")
            try registry.publish(Self.text(next, "\"\(version)\""), as: next)
            let text = Self.text(next, "\"\(version)\"")
            check(
                try registry.text(of: next).map { SchemaText.areEqual($0, text) } == true,
                "version \(version) comes back as it is")
        }
        let versions = try registry.versions(vendor: first.vendor, name: first.name).sorted().map(\.description)
        let expected = (["1-0-0"] + later).compactMap { SchemaVersion(parsing: $0) }.sorted().map(\.description)
        check(versions == expected, "versions are \(versions), not \(expected)")
        check(
            try registry.text(of: try name("iglu:\(first.vendor)/\(first.name)/jsonschema/9-9-9")) == nil,
            "an unknown version of a known schema is not there")

        try registry.publish(Self.text(other, #""other""#), as: other)
        check(
            try registry.versions(vendor: other.vendor, name: other.name).count == 1,
            "schemas of vendors whose names begin alike are kept apart")
        if !exceptions.contains(.noNames) {
            let names = try registry.names(most: 1000)
            check(names?.contains(first) == true && names?.contains(other) == true, "all names are listed")
            check(names?.count == later.count + 2, "no other names are listed: \(names ?? [])")
            check(try registry.names(most: 1)?.count == 1, "a list keeps to its bound")
        }
        let wide = try name("iglu:com.acme.conform/wide/jsonschema/1-0-0")
        let words = String(repeating: "words ", count: 50)
        let members = (0..<500).map { #""property_\#($0)":{"type":"string","description":"\#(words)"}"# }.joined(
            separator: ",")
        let large = Self.text(wide, #""wide","properties":{\#(members)}"#)
        try registry.publish(large, as: wide)
        check(
            try registry.text(of: wide).map { SchemaText.areEqual($0, large) } == true,
            "a schema of \(large.count) bytes comes back whole")
        return failures
    }

    /// A schema that describes itself; `title` is JSON, and more members may follow it.
    private static func text(_ name: SchemaName, _ title: String) -> [UInt8] {
        Array(
            """
            {"$schema":"http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
             "self":{"vendor":"\(name.vendor)","name":"\(name.name)","format":"jsonschema","version":"\(name.version)"},
             "type":"object","title":\(title)}
            """.utf8)
    }
}
