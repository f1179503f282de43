#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import CoreIngest

/// What is said of payloads that do not pass.
@Suite struct SchemaReportTests {
    private static let golden =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Golden/schema-reports.txt"

    @Test("reports say what they said when they were recorded")
    func messages() throws {
        let text = String(decoding: SchemaSuite.contents(Self.golden), as: UTF8.self)
        var found = ""
        var schema: PayloadValidator?
        var payloads = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("  ") { continue }
            found += line + "\n"
            if line.hasPrefix("schema ") { schema = try validator(String(line.dropFirst(7))) }
            guard line.hasPrefix("payload ") else { continue }
            payloads += 1
            let current = try #require(schema)
            let outcome = try #require(report(current, String(line.dropFirst(8))), "\(line) passes")
            for failure in outcome.failures {
                found += "  \(failure.message)\n    \(failure.keyword)  \(failure.schemaPath)  \(failure.groupPath)"
                if failure.schemaLocation != failure.schemaPath { found += "  \(failure.schemaLocation)" }
                found += "\n"
            }
        }
        found.removeLast()
        #expect(payloads > 50)
        if getenv("BUZ_RECORD") != nil {
            let file = try #require(fopen(Self.golden, "w"))
            defer { fclose(file) }
            #expect(fputs(found, file) >= 0)
        } else {
            #expect(found == text)
        }
    }

    @Test("a value is in no report that hides values, and in no message")
    func hidden() throws {
        let schema = try validator(
            #"{"properties":{"a":{"type":"integer"},"b":{"enum":["x"]},"c":{"oneOf":[{"const":1},{"properties":{"d":{"const":2}}}]},"e":{"not":{}}}}"#
        )
        let payload = Array(#"{"a":"secret","b":"secret","c":{"d":"secret"},"e":"secret"}"#.utf8)
        var reporting = SchemaReporting()
        for hides in [false, true] {
            reporting.hidesValues = hides
            let report = payload.withUnsafeBytes { schema.report($0, reporting: reporting) }
            #expect(report.failures.count == 4)
            var arena = ByteArena()
            report.render(to: &arena)
            #expect(String(decoding: arena.bytes, as: UTF8.self).contains("secret") == !hides)
            #expect(!report.failures.contains { $0.message.contains("secret") })
            #expect(report.failures.first?.gotType == "string")
        }
    }

    @Test("values are cut by characters, and failures by number")
    func bounded() throws {
        let schema = try validator(#"{"items":{"type":"integer"}}"#)
        var reporting = SchemaReporting()
        reporting.mostFailures = 3
        reporting.mostOfValue = 5
        let payload = Array(#"["äöüßéèê","ab",1,true,null]"#.utf8)
        let report = payload.withUnsafeBytes { schema.report($0, reporting: reporting) }
        #expect(report.failures.map(\.got) == ["\"äöü…", "\"ab\"", "true"])
        #expect(
            report.message
                == "does not match iglu:com.acme/thing/jsonschema/1-0-0: /0 must be integer, is string (and 2 more)")
    }

    @Test("payloads that fail in the same way have one key, whatever their values, order and indices")
    func groups() throws {
        let schema = try validator(
            #"{"properties":{"id":{"type":"integer"},"tags":{"items":{"type":"string"}},"by":{"additionalProperties":{"type":"integer"}}},"required":["id"]}"#
        )
        func key(_ payload: String) throws -> String { try #require(report(schema, payload)).groupKey }
        #expect(try key(#"{"id":1,"tags":["a",5]}"#) == key(#"{"tags":[7],"id":2}"#))
        #expect(try key(#"{"id":"x","tags":[7]}"#) == key(#"{"tags":["a",7],"id":"y"}"#))
        #expect(try key(#"{"id":1,"by":{"Ann":"x"}}"#) == key(#"{"id":1,"by":{"Bob":"x"}}"#))
        #expect(try key(#"{"id":"1"}"#) != key("{}"))
        #expect(try key(#"{"id":1,"tags":[7]}"#) != key(#"{"id":1,"by":{"Bob":"x"}}"#))
        // Keys are kept for years: they may not change from version to version.
        #expect(try key("{}") == "01fd2749cab9c59a")
    }

    @Test("a schema that asks for ever more alternatives gets an answer")
    func explosion() throws {
        var inner = #"{"type":"integer"}"#
        for _ in 0..<12 { inner = #"{"anyOf":[{"items":\#(inner)},{"items":\#(inner)}]}"# }
        let schema = try validator(inner)
        let payload = String(repeating: "[", count: 12) + "\"x\"" + String(repeating: "]", count: 12)
        let found = try #require(report(schema, payload))
        #expect(found.failures.count == 1)
    }

    @Test(
        "the official output tests for basic are passed", .enabled(if: SchemaSuite.shared != nil),
        arguments: [("draft2019-09", SchemaDialect.draft2019, 4), ("draft2020-12", .draft2020, 4)])
    func basic(_ name: String, dialect: SchemaDialect, count: Int) throws {
        let folder = "\(SchemaSuite.folder)/output-tests/\(name)"
        let outputSchema = SchemaSuite.contents("\(folder)/output-schema.json")
        let uri = "https://json-schema.org/draft/\(name.dropFirst(5))/output/schema"
        var passed = 0
        for file in SchemaSuite.files(in: folder + "/content") {
            let view = try JSONDocument(String(decoding: SchemaSuite.contents(file), as: UTF8.self))
            for group in view.view.elements(0) {
                let schema = try #require(view.view.member(group, named: "schema"))
                var options = SchemaOptions()
                options.dialect = dialect
                options.keepsAnnotations = true
                let subject = try validator(String(decoding: view.view.text(schema), as: UTF8.self), options: options)
                for test in view.view.elements(try #require(view.view.member(group, named: "tests"))) {
                    let data = try #require(view.view.member(test, named: "data"))
                    let output = try #require(view.view.member(test, named: "output"))
                    let basic = try #require(view.view.member(output, named: "basic"))
                    var judging = SchemaOptions()
                    judging.dialect = dialect
                    judging.lookup = { asked throws(SchemaError) in asked == uri ? outputSchema : nil }
                    let judge = try validator(String(decoding: view.view.text(basic), as: UTF8.self), options: judging)
                    var arena = ByteArena()
                    _ = subject.appendBasicOutput(on: view.view.text(data), to: &arena)
                    let text = String(decoding: arena.bytes, as: UTF8.self)
                    let verdict = report(judge, text)
                    #expect(verdict == nil, "\(file): \(text): \(verdict?.message ?? "")")
                    if verdict == nil { passed += 1 }
                }
            }
        }
        print("JSON Schema test suite, \(name), output basic: \(passed) tests passed")
        #expect(passed == count)
    }

    @Test("basic output lists every branch, through references, and the annotations of what passes")
    func output() throws {
        var options = SchemaOptions()
        options.keepsAnnotations = true
        let schema = try validator(
            ##"{"$id":"https://example.com/a","title":"A","$defs":{"n":{"type":"integer","title":"N"}},"anyOf":[{"$ref":"#/$defs/n"},{"type":"null","title":"Z"}]}"##,
            options: options)
        func output(_ payload: String) -> String {
            var arena = ByteArena()
            Array(payload.utf8).withUnsafeBytes { _ = schema.appendBasicOutput(on: $0, to: &arena) }
            return String(decoding: arena.bytes, as: UTF8.self)
        }
        #expect(
            output("true")
                == ##"{"valid":false,"keywordLocation":"","instanceLocation":"","errors":[{"valid":false,"keywordLocation":"/anyOf/0/$ref/type","absoluteKeywordLocation":"https://example.com/a#/$defs/n/type","instanceLocation":"","error":"the payload must be integer, is boolean"},{"valid":false,"keywordLocation":"/anyOf/1/type","absoluteKeywordLocation":"https://example.com/a#/anyOf/1/type","instanceLocation":"","error":"the payload must be null, is boolean"},{"valid":false,"keywordLocation":"/anyOf","absoluteKeywordLocation":"https://example.com/a#/anyOf","instanceLocation":"","error":"the payload matches none of 2 schemas"}]}"##
        )
        #expect(
            output("1")
                == ##"{"valid":true,"keywordLocation":"","instanceLocation":"","annotations":[{"valid":true,"keywordLocation":"/anyOf/0/$ref/title","absoluteKeywordLocation":"https://example.com/a#/$defs/n/title","instanceLocation":"","annotation":"N"},{"valid":true,"keywordLocation":"/title","absoluteKeywordLocation":"https://example.com/a#/title","instanceLocation":"","annotation":"A"}]}"##
        )
    }
}
