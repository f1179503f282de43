import Synchronization
import Testing

@testable import CoreIngest

/// What a schema or payload may take of us, and where a schema may lead.
@Suite struct SchemaLimitTests {
    private func failure(_ schema: String, _ change: (inout SchemaOptions) -> Void = { _ in }) -> SchemaError? {
        var options = SchemaOptions()
        change(&options)
        return #expect(throws: SchemaError.self) { try SchemaCompiler.compile(schema, options: options) }
    }

    @Test("a schema past a limit is refused with that reason")
    func limits() {
        #expect(failure(#"{"description":"long"}"#) { $0.mostBytes = 10 }?.code == .tooLarge)
        #expect(failure(#"{"items":{"items":{"items":{}}}}"#) { $0.mostSubschemas = 3 }?.code == .tooLarge)
        #expect(failure(#"{"type":"object"}"#) { $0.mostTime = .seconds(-1) }?.code == .tooLarge)
        let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(failure(#"{"default":\#(nested)}"#)?.code == .notJSON)
        let references = (0...10_000).map { ##""p\##($0)":{"$ref":"#/$defs/a"}"## }.joined(separator: ",")
        let many = failure(##"{"properties":{\##(references)},"$defs":{"a":{}}}"##)
        #expect(many?.message == "the schema has more than 10000 references")
    }

    @Test(
        "references that come back without going into the value are refused",
        arguments: [
            ##"{"$ref":"#"}"##, ##"{"not":{"$ref":"#"}}"##, ##"{"if":{"$ref":"#"},"then":{}}"##,
            ##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##, ##"{"$dynamicAnchor":"a","$dynamicRef":"#a"}"##,
            ##"{"oneOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
            ##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveRef":"#"}"##,
            ##"{"$schema":"http://json-schema.org/draft-04/schema#","dependencies":{"a":{"$ref":"#"}}}"##,
        ])
    func endless(_ schema: String) { #expect(failure(schema)?.code == .endlessReference) }

    @Test(
        "nobody is dialled for a reference or a dialect: only the caller is asked, once, and only for absolute URIs",
        arguments: [
            "http://169.254.169.254/latest/meta-data", "https://localhost:1/x", "file:///etc/passwd",
            "iglu:a/b/jsonschema/1-0-0",
        ])
    func network(_ uri: String) {
        #expect(failure(##"{"$ref":"\##(uri)"}"##)?.code == .unresolvedReference)
        #expect(failure(##"{"$schema":"\##(uri)"}"##)?.code == .unknownDialect)
        let asked = Mutex<[String]>([])
        let error = failure(##"{"allOf":[{"$ref":"\##(uri)"},{"$ref":"\##(uri)#/x"},{"$ref":"relative"}]}"##) {
            $0.lookup = { uri throws(SchemaError) in
                asked.withLock { $0.append(uri) }
                return nil
            }
        }
        #expect(error?.code == .unresolvedReference)
        #expect(asked.withLock { $0 } == [uri])
    }

    @Test("what the caller answers is bounded, and its failure is passed on")
    func lookups() throws {
        let chain: SchemaOptions.Lookup = { uri throws(SchemaError) in
            Array(##"{"$ref":"\##(uri)x","description":"0123456789"}"##.utf8)
        }
        #expect(failure(##"{"$ref":"http://a/x"}"##) { $0.lookup = chain }?.code == .tooLarge)
        #expect(
            failure(##"{"$ref":"http://a/x"}"##) {
                $0.lookup = chain
                $0.mostBytes = 200
            }?.code == .tooLarge)
        #expect(
            failure(##"{"$ref":"http://a/x"}"##) {
                $0.lookup = { _ throws(SchemaError) in throw SchemaError(.unavailable, "down") }
            }?.code == .unavailable)
        let error = failure(##"{"$ref":"http://a/x"}"##) { $0.lookup = { _ in Array(#"{"type":"int"}"#.utf8) } }
        #expect(error?.description.hasSuffix("(at http://a/x#)") == true)
        var options = SchemaOptions()
        options.lookup = { uri in uri == "http://a/x" ? Array(#"{"$defs":{"y":{"type":"null"}}}"#.utf8) : nil }
        let schema = try validator(##"{"$ref":"http://a/x#/$defs/y"}"##, options: options)
        #expect(report(schema, "null") == nil)
        #expect(report(schema, "1")?.failures.first?.schemaLocation == "http://a/x#/$defs/y/type")
    }

    @Test("a pattern that takes too long is its own failure, and so is a schema that asks the same again and again")
    func budgets() throws {
        let text = String(repeating: "a", count: 30) + "!"
        for schema in [#"{"pattern":"^(a|aa)+\\1$"}"#, #"{"not":{"pattern":"^(a|aa)+\\1$"}}"#] {
            let slow = try validator(schema)
            #expect(report(slow, "\"\(String(repeating: "a", count: 3000))!\"") != nil)
            _ = report(slow, "\"\(text)\"")
        }
        let doubling = (0..<40).map {
            ##""a\##($0)":{"anyOf":[{"$ref":"#/$defs/a\##($0 + 1)"},{"$ref":"#/$defs/a\##($0 + 1)"}]}"##
        }
        let many = try validator(##"{"$ref":"#/$defs/a0","$defs":{\##(doubling.joined(separator: ",")),"a40":false}}"##)
        #expect(report(many, "1")?.failures.map(\.keyword) == ["budget"])
        let negated = try validator(
            ##"{"not":{"$ref":"#/$defs/a0"},"$defs":{\##(doubling.joined(separator: ",")),"a40":false}}"##)
        #expect(report(negated, "1")?.failures.map(\.keyword) == ["budget"])
    }

    @Test("values within values are refused by the reader or the evaluator, and never crash")
    func depth() throws {
        let tree = try validator(##"{"anyOf":[{"anyOf":[{"items":{"$ref":"#"}}]}]}"##)
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(report(tree, nested(300)) == nil)
        #expect(report(tree, nested(900))?.failures.map(\.keyword) == ["depth"])
        #expect(report(tree, nested(100_000))?.failures.map(\.keyword) == ["depth"])
        let refusing = try validator(##"{"not":{"allOf":[{"allOf":[{"items":{"not":{"$ref":"#"}}}]}]}}"##)
        #expect(report(refusing, nested(900))?.failures.map(\.keyword) == ["depth"])
    }
}
