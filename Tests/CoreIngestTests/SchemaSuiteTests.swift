#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import CoreIngest

/// The official JSON Schema test suite, the groups whose schemas this engine compiles. A schema with a keyword that it does not
/// check must be refused with that reason and no other; the numbers of both are printed.
@Suite struct SchemaSuiteTests {
    /// The suite's folder, by `BUZ_SHARED`, or beside the package.
    static let folder: String? = {
        var candidates: [String] = []
        if let shared = getenv("BUZ_SHARED") { candidates.append(String(cString: shared)) }
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        candidates.append("/\(package)/../shared")
        let found = candidates.map { $0 + "/data/json-schema-test-suite/tests" }.first { access($0, R_OK) == 0 }
        if found == nil {
            print(
                "JSON Schema test suite: SKIPPED, set BUZ_SHARED to the folder that holds data/json-schema-test-suite")
        }
        return found
    }()

    @Test(
        "the suite's answers are ours", .enabled(if: folder != nil),
        arguments: [
            ("draft4", SchemaDialect.draft4), ("draft6", .draft6), ("draft7", .draft7), ("draft2019-09", .draft2019),
            ("draft2020-12", .draft2020),
        ])
    func dialect(_ name: String, dialect: SchemaDialect) throws {
        let folder = try #require(Self.folder)
        var asked = 0
        var refused = 0
        for file in try Self.files(in: "\(folder)/\(name)") {
            try run(file, dialect, formats: .byDialect, &asked, &refused)
        }
        print(
            "JSON Schema test suite, \(name): \(asked) tests passed, \(refused) refused for a keyword or reference that is not supported"
        )
        #expect(asked > 300)
    }

    @Test("the suite's formats are ours, where they are asserted", .enabled(if: folder != nil))
    func formats() throws {
        let folder = try #require(Self.folder)
        var asked = 0
        var refused = 0
        for name in ["date-time", "date", "time", "uuid", "ipv4", "email"] {
            try run(
                "\(folder)/draft2020-12/optional/format/\(name).json", .draft2020, formats: .assert, &asked, &refused)
        }
        print("JSON Schema test suite, formats: \(asked) tests passed, \(refused) refused")
        #expect(asked > 100)
    }

    private func run(
        _ file: String, _ dialect: SchemaDialect, formats: SchemaOptions.Formats, _ asked: inout Int,
        _ refused: inout Int
    ) throws {
        let document = try JSONDocument(String(decoding: try Self.contents(file), as: UTF8.self))
        let view = document.view
        var options = SchemaOptions()
        options.dialect = dialect
        options.formats = formats
        for group in view.elements(0) {
            let tests = try #require(view.member(group, named: "tests"))
            let schema = try #require(view.member(group, named: "schema"))
            let title = view.member(group, named: "description").flatMap { view.string($0) } ?? ""
            let program: SchemaProgram
            do {
                program = try SchemaCompiler.compile(view.text(schema), options: options)
            } catch {
                let known: Set<SchemaError.Code> = [.unsupportedKeyword, .unresolvedReference, .unknownDialect]
                #expect(known.contains(error.code), "\(file): \(title): \(error)")
                refused += view.count(tests)
                continue
            }
            for test in view.elements(tests) {
                let data = try #require(view.member(test, named: "data"))
                let valid = try #require(view.member(test, named: "valid"))
                let what = view.member(test, named: "description").flatMap { view.string($0) } ?? ""
                var evaluator = SchemaEvaluator()
                let answer = evaluator.passes(program, view.text(data), partial: false)
                #expect(answer == view.boolean(valid), "\(file): \(title): \(what)")
                // The second pass agrees with the first.
                let failures = SchemaReporter.report(program, view.text(data), partial: false)
                #expect(failures.isEmpty == answer, "\(file): \(title): \(what): report")
                asked += 1
            }
        }
    }

    private static func files(in folder: String) throws -> [String] {
        let handle = try #require(opendir(folder))
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".json") { names.append("\(folder)/\(name)") }
        }
        return names.sorted()
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
