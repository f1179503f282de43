#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import CoreIngest

/// The official JSON Schema test suite, in the folder that `BUZ_SHARED` names, or beside the package.
enum SchemaSuite {
    static let shared: String? = {
        var candidates: [String] = []
        if let shared = getenv("BUZ_SHARED") { candidates.append(String(cString: shared)) }
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        candidates.append("/\(package)/../shared")
        let found = candidates.first { access($0 + "/data/json-schema-test-suite/tests", R_OK) == 0 }
        if found == nil {
            print(
                "JSON Schema test suite: SKIPPED, set BUZ_SHARED to the folder that holds data/json-schema-test-suite")
        }
        return found
    }()

    static var folder: String { (shared ?? "") + "/data/json-schema-test-suite" }

    /// The texts that the suite's references name, as `http://localhost:1234/…`.
    static let remotes: [String: [UInt8]] = {
        guard shared != nil else { return [:] }
        var found: [String: [UInt8]] = [:]
        for file in files(under: folder + "/remotes") {
            let path = file.dropFirst(folder.utf8.count + "/remotes/".utf8.count)
            found["http://localhost:1234/\(path)"] = contents(file)
        }
        return found
    }()

    /// Runs all tests of a file, and adds the number of those that pass.
    static func run(
        _ file: String, _ dialect: SchemaDialect, formats: SchemaOptions.Formats = .byDialect, _ passed: inout Int
    ) throws {
        let document = try JSONDocument(String(decoding: contents(file), as: UTF8.self))
        let view = document.view
        var options = SchemaOptions()
        options.dialect = dialect
        options.formats = formats
        options.lookup = { uri throws(SchemaError) in remotes[uri] }
        let place = file.dropFirst(folder.utf8.count)
        for group in view.elements(0) {
            let tests = try #require(view.member(group, named: "tests"))
            let schema = try #require(view.member(group, named: "schema"))
            let title = view.member(group, named: "description").flatMap { view.string($0) } ?? ""
            let program: SchemaProgram
            do {
                program = try SchemaCompiler.compile(view.text(schema), options: options)
            } catch {
                Issue.record("\(place): \(title): \(error)")
                continue
            }
            for test in view.elements(tests) {
                let data = try #require(view.member(test, named: "data"))
                let valid = try #require(view.member(test, named: "valid"))
                let what = view.member(test, named: "description").flatMap { view.string($0) } ?? ""
                var evaluator = SchemaEvaluator()
                let answer = evaluator.passes(program, view.text(data), partial: false)
                // The second pass agrees with the first.
                let failures = SchemaReporter.report(program, view.text(data), partial: false)
                if answer != view.boolean(valid) {
                    Issue.record("\(place): \(title): \(what): \(answer)")
                } else if failures.isEmpty != answer {
                    Issue.record("\(place): \(title): \(what): \(answer), the report has \(failures)")
                } else {
                    passed += 1
                }
            }
        }
    }

    static func files(in folder: String) -> [String] {
        entries(folder).filter { $0.hasSuffix(".json") }.map { "\(folder)/\($0)" }
    }

    static func files(under folder: String) -> [String] {
        var found: [String] = []
        for name in entries(folder) where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { found += files(under: path) } else { found.append(path) }
        }
        return found
    }

    private static func entries(_ folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.sorted()
    }

    static func contents(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
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
