import Testing

@testable import CoreIngest

/// The official JSON Schema test suite, and the schemas of Iglu Central. The numbers are printed.
@Suite(.enabled(if: SchemaSuite.shared != nil)) struct SchemaSuiteTests {
    static let dialects: [(name: String, dialect: SchemaDialect)] = [
        ("draft4", .draft4), ("draft6", .draft6), ("draft7", .draft7), ("draft2019-09", .draft2019),
        ("draft2020-12", .draft2020),
    ]

    @Test("the suite's required answers are ours", arguments: dialects)
    func required(_ name: String, dialect: SchemaDialect) throws {
        var passed = 0
        for file in SchemaSuite.files(in: "\(SchemaSuite.folder)/tests/\(name)") {
            try SchemaSuite.run(file, dialect, &passed)
        }
        print("JSON Schema test suite, \(name), required: \(passed) tests passed")
        let counts = ["draft4": 618, "draft6": 839, "draft7": 927, "draft2019-09": 1259, "draft2020-12": 1299]
        #expect(passed == counts[name])
    }

    @Test("the suite's optional answers are ours, without exception", arguments: dialects)
    func optional(_ name: String, dialect: SchemaDialect) throws {
        var passed = 0
        for file in SchemaSuite.files(in: "\(SchemaSuite.folder)/tests/\(name)/optional") {
            try SchemaSuite.run(file, dialect, &passed)
        }
        print("JSON Schema test suite, \(name), optional: \(passed) tests passed")
        let counts = ["draft4": 100, "draft6": 106, "draft7": 118, "draft2019-09": 158, "draft2020-12": 162]
        #expect(passed == counts[name])
    }

    @Test("the suite's formats are ours, where they are asserted", arguments: dialects)
    func formats(_ name: String, dialect: SchemaDialect) throws {
        var passed = 0
        for file in SchemaSuite.files(in: "\(SchemaSuite.folder)/tests/\(name)/optional/format") {
            try SchemaSuite.run(file, dialect, formats: .assert, &passed)
        }
        print("JSON Schema test suite, \(name), formats: \(passed) tests passed")
        let counts = ["draft4": 219, "draft6": 325, "draft7": 676, "draft2019-09": 757, "draft2020-12": 764]
        #expect(passed == counts[name])
    }

    @Test("every schema of Iglu Central compiles")
    func iglu() throws {
        let folder = (SchemaSuite.shared ?? "") + "/data/iglu-central/schemas"
        var options = SchemaOptions()
        options.lookup = { uri throws(SchemaError) in
            // Two refer to another by its address.
            let prefix = "iglu:"
            guard uri.hasPrefix(prefix) else { return nil }
            let text = SchemaSuite.contents("\(folder)/\(uri.dropFirst(prefix.utf8.count))")
            return text.isEmpty ? nil : text
        }
        var count = 0
        for file in SchemaSuite.files(under: folder) where file.contains("/jsonschema/") {
            let text = SchemaSuite.contents(file)
            do {
                _ = try text.withUnsafeBytes { try SchemaCompiler.compile($0, options: options) }
                count += 1
            } catch {
                Issue.record("\(file.dropFirst(folder.utf8.count)): \(error)")
            }
        }
        print("Iglu Central: \(count) schemas compiled")
        #expect(count == 660)
    }
}
