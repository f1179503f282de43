#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import CoreIngest

/// The patterns of the official test suite, in all its dialects, asked directly.
@Suite struct PatternSuiteTests {
    @Test(
        "the suite's patterns answer as it says", .enabled(if: SchemaSuite.shared != nil),
        arguments: ["draft4", "draft6", "draft7", "draft2019-09", "draft2020-12", "v1"])
    func suite(_ dialect: String) throws {
        var asked = 0
        for place in ["", "/optional"] {
            for file in SchemaSuite.files(in: "\(SchemaSuite.folder)/tests/\(dialect)\(place)") {
                try run(file, &asked)
            }
        }
        print("JSON Schema test suite, patterns of \(dialect): \(asked) tests passed")
        #expect(asked > 10)
    }

    private func run(_ file: String, _ asked: inout Int) throws {
        let document = try JSONDocument(String(decoding: SchemaSuite.contents(file), as: UTF8.self))
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        for group in view.elements(0) {
            let schema = try #require(view.member(group, named: "schema"))
            let named = view.member(schema, named: "patternProperties").map { Array(view.members($0)) } ?? []
            var patterns: [Pattern] = []
            for member in named { patterns.append(try PatternWays.pattern(try #require(view.string(member.name)))) }
            let pattern = try view.member(schema, named: "pattern").flatMap { view.string($0) }.map(PatternWays.pattern)
            // The verdict is that of the pattern alone: nothing else in the schema says something.
            let keywords = Set(view.members(schema).compactMap { view.string($0.name) })
            let isPlain = keywords.isSubset(of: ["$schema", "type", "pattern"])
            let isClosed =
                view.member(schema, named: "additionalProperties").flatMap { view.boolean($0) } == false
                && named.allSatisfy { view.boolean($0.value) == true }
                && keywords.isSubset(of: ["$schema", "type", "patternProperties", "additionalProperties"])
            for test in view.elements(try #require(view.member(group, named: "tests"))) {
                let data = try #require(view.member(test, named: "data"))
                let valid = view.boolean(try #require(view.member(test, named: "valid"))) == true
                if let pattern, isPlain, let text = view.string(data) {
                    #expect(pattern.match(text) == (valid ? .matches : .differs), "\(file): '\(text)'")
                    asked += 1
                } else if isClosed, view.kind(data) == .object {
                    let names = view.members(data).compactMap { view.string($0.name) }
                    let passes = names.allSatisfy { name in patterns.contains { $0.match(name) == .matches } }
                    #expect(passes == valid, "\(file): \(names)")
                    asked += 1
                }
            }
        }
    }
}
