import Testing

@testable import CoreIngest

/// A validator for a schema's text.
func validator(_ schema: String, options: SchemaOptions = SchemaOptions()) throws -> PayloadValidator {
    let name = try #require(SchemaName(vendor: "com.acme", name: "thing", version: .first))
    return try PayloadValidator(schema: name, compiling: schema, options: options)
}

func report(_ validator: PayloadValidator, _ payload: String, partial: Bool = false) -> SchemaReport? {
    var evaluator = SchemaEvaluator()
    return Array(payload.utf8).withUnsafeBytes { validator.validate($0, partial: partial, using: &evaluator) }
}

@Suite struct SchemaTableTests {
    static let row = """
        {"type":"object","properties":{"id":{"type":"integer","minimum":1},"name":{"type":["string","null"],"maxLength":5},
        "mood":{"enum":["ok","sad",null]},"price":{"type":"number","multipleOf":0.01,"exclusiveMaximum":1000},
        "tags":{"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":3}},
        "required":["id","mood"],"additionalProperties":false}
        """

    @Test(
        "a row is checked property by property",
        arguments: [
            (#"{"id":1,"mood":"ok"}"#, []),
            (#"{"id":1,"name":"abc","mood":null,"price":9.99,"tags":["a","b"]}"#, []),
            (#" { "id" : 1 , "name" : null , "mood" : "sad" } "#, []),
            (#"{"mood":"ok","id":1}"#, []),
            (#"{"tags":[],"mood":"ok","price":1,"id":2}"#, []),
            (#"{"id":"1","mood":"ok"}"#, ["type /id"]),
            (#"{"id":0,"mood":"ok"}"#, ["minimum /id"]),
            (#"{"id":1}"#, ["required "]),
            (#"{}"#, ["required ", "required "]),
            (#"{"id":1,"mood":"angry"}"#, ["enum /mood"]),
            (#"{"id":1,"mood":"\u006fk"}"#, []),
            (#"{"id":1,"name":"äöüßé","mood":"ok"}"#, []),
            (#"{"id":1,"name":"äöüßéx","mood":"ok"}"#, ["maxLength /name"]),
            (#"{"id":1,"mood":"ok","price":9.999}"#, ["multipleOf /price"]),
            (#"{"id":1,"mood":"ok","price":1000.0}"#, ["exclusiveMaximum /price"]),
            (#"{"id":1,"mood":"ok","tags":["a","a"]}"#, ["uniqueItems /tags"]),
            (#"{"id":1,"mood":"ok","tags":["a",5,"b","c"]}"#, ["maxItems /tags", "type /tags/1"]),
            (#"{"id":1,"mood":"ok","extra":true}"#, ["additionalProperties /extra"]),
            (#"{"id":1,"mood":"ok","id":"x"}"#, ["type /id"]),
            (#"{"id":1,"id":1}"#, ["required "]),
            (#"[1]"#, ["type "]),
            (#"{"id":1,"mood":"ok""#, ["json "]),
            (#"{"id":1,"mood":"ok"} x"#, ["json "]),
            (#"{"id":1,"mood":"ok","price":[}"#, ["json "]),
            (#""#, ["json "]),
        ] as [(String, [String])])
    func row(_ payload: String, expected: [String]) throws {
        let found = report(try validator(Self.row), payload)?.failures ?? []
        #expect(found.map { "\($0.keyword) \($0.instancePath)" } == expected)
    }

    @Test("checking while reading and checking on a tape agree, whatever bytes come")
    func passesAgree() throws {
        let rows = try validator(Self.row)
        let text = Array(#"{"id":12,"name":"a\u00e9","mood":"sad","price":9.50,"tags":["x","y"],"id":3}"#.utf8)
        let alphabet = Array(#"{}[]",:0123456789.eE-\abdinmoprstu "#.utf8)
        var random = SystemRandomNumberGenerator()
        var evaluator = SchemaEvaluator()
        var passed = 0
        for _ in 0..<30_000 {
            var bytes = text
            if Bool.random(using: &random) { bytes.removeSubrange(bytes.count - 8..<bytes.count - 1) }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes.remove(at: index)
                } else {
                    bytes[index] = alphabet.randomElement(using: &random) ?? 0
                }
            }
            let partial = Bool.random(using: &random)
            bytes.withUnsafeBytes { payload in
                let passes = rows.passes(payload, partial: partial, using: &evaluator)
                let failures = rows.report(payload, partial: partial).failures
                if passes != failures.isEmpty {
                    Issue.record(
                        "\(String(decoding: payload, as: UTF8.self)), partial \(partial): \(passes), \(failures)")
                }
                if passes { passed += 1 }
            }
        }
        #expect(passed > 1000)
    }

    @Test("a partial row is not asked for what is required, but for all else")
    func partial() throws {
        let rows = try validator(Self.row)
        #expect(report(rows, #"{"id":1}"#, partial: true) == nil)
        #expect(report(rows, #"{"mood":"ok","id":1}"#, partial: true) == nil)
        #expect(report(rows, #"{"id":0}"#, partial: true)?.failures.map(\.keyword) == ["minimum"])
        let nested = try validator(#"{"properties":{"a":{"type":"object","required":["b"]}},"required":["c"]}"#)
        #expect(report(nested, #"{"a":{}}"#, partial: true)?.failures.map(\.instancePath) == ["/a"])
    }

    @Test("a failure says what was expected, what is there, and where in the schema")
    func words() throws {
        let found = try #require(
            report(
                try validator(Self.row), #"{"id":"a \" long text \#(String(repeating: "x", count: 200))","mood":"ok"}"#)
        )
        let first = try #require(found.failures.first)
        #expect(first.schemaPath == "#/properties/id/type")
        #expect(first.expected == "integer")
        #expect(first.got?.unicodeScalars.count == 64)
        #expect(first.got?.hasSuffix("…") == true)
        #expect(first.message == "/id must be integer, is string")
        #expect(found.message == "does not match iglu:com.acme/thing/jsonschema/1-0-0: /id must be integer, is string")
        var arena = ByteArena()
        found.render(to: &arena)
        try withJSON(Array(arena.bytes)) { view in
            let errors = try #require(view.member(0, named: "errors"))
            #expect(view.count(errors) == 1)
            #expect(view.member(0, named: "groupKey").flatMap { view.string($0) } == found.groupKey)
        }
    }

    @Test("failures through references carry the path of the definition")
    func referencePath() throws {
        let schema = ##"{"definitions":{"a/b":{"minimum":3}},"properties":{"x":{"$ref":"#/definitions/a~1b"}}}"##
        #expect(
            report(try validator(schema), #"{"x":1}"#)?.failures.first?.schemaLocation == "#/definitions/a~1b/minimum")
    }

    @Test("of several branches the closest one speaks")
    func branches() throws {
        let number = try validator(#"{"properties":{"x":{"anyOf":[{"type":["number","null"]},{"enum":["NaN"]}]}}}"#)
        #expect(report(number, #"{"x":"NaN"}"#) == nil)
        #expect(report(number, #"{"x":"abc"}"#)?.failures.map(\.keyword) == ["enum"])
        let both = try validator(#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#)
        #expect(report(both, "3")?.failures.map(\.message) == ["the payload matches 2 of 2 schemas, not exactly one"])
    }

    @Test("no more than the cap is reported")
    func cap() throws {
        let many = try validator(#"{"items":{"type":"string"}}"#)
        #expect(
            report(many, "[\(Array(repeating: "1", count: 100).joined(separator: ","))]")?.failures.count
                == SchemaReporting().mostFailures)
    }

    @Test(
        "what cannot be checked is refused when compiling",
        arguments: [
            (#"{"pattern":"(a"}"#, SchemaError.Code.malformed), (#"{"patternProperties":{"[":{}}}"#, .malformed),
            (##"{"$dynamicRef":"#a"}"##, .unresolvedReference), (#"{"dependentRequired":{"a":1}}"#, .malformed),
            (#"{"type":"int"}"#, .malformed), (#"{"required":"a"}"#, .malformed), (#"{"minLength":-1}"#, .malformed),
            (#"{"anyOf":[]}"#, .malformed), (#"{"multipleOf":0}"#, .malformed),
            (#"{"properties":{"a":1}}"#, .malformed),
            (#"[]"#, .malformed), (#"{"#, .notJSON), (#"{"$schema":"http://169.254.169.254/x"}"#, .unknownDialect),
            (##"{"$ref":"http://169.254.169.254/x"}"##, .unresolvedReference),
            (##"{"$ref":"#/nowhere"}"##, .unresolvedReference),
            (##"{"$ref":"#"}"##, .endlessReference), (##"{"allOf":[{"$ref":"#"}]}"##, .endlessReference),
            (##"{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"not":{"$ref":"#"}}}}"##, .endlessReference),
        ] as [(String, SchemaError.Code)])
    func refused(_ schema: String, code: SchemaError.Code) {
        let error = #expect(throws: SchemaError.self) { try validator(schema) }
        #expect(error?.code == code)
    }

    @Test("a schema that goes into its value may refer to itself, and ten thousand references are no matter")
    func recursion() throws {
        let tree = try validator(
            ##"{"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"additionalProperties":false}"##)
        #expect(report(tree, #"{"v":1,"next":{"v":2,"next":{}}}"#) == nil)
        #expect(
            report(tree, #"{"v":1,"next":{"v":2,"next":{"v":"x"}}}"#)?.failures.map(\.instancePath) == ["/next/next/v"])
        let chain = (0..<10_000).map { ##""a\##($0)":{"$ref":"#/$defs/a\##($0 + 1)"}"## }.joined(separator: ",")
        let long = try validator(
            ##"{"properties":{"x":{"$ref":"#/$defs/a9990"}},"$defs":{\##(chain),"a10000":{"type":"null"}}}"##)
        #expect(report(long, #"{"x":null}"#) == nil)
        #expect(report(long, #"{"x":1}"#) != nil)
    }

    @Test("Iglu's metaschema is draft 4: formats are asserted, and 1.0 is no integer")
    func iglu() throws {
        let schema = """
            {"$schema":"\(SchemaDialect.iglu)","self":{"vendor":"com.acme","name":"x","format":"jsonschema","version":"1-0-0"},
            "type":"object","properties":{"u":{"type":"string","format":"uuid"},"n":{"type":"integer","minimum":0,
            "exclusiveMinimum":true}}}
            """
        let iglu = try validator(schema)
        #expect(report(iglu, #"{"u":"b7b2b3c0-0000-8000-8000-000000000000","n":1}"#) == nil)
        #expect(report(iglu, #"{"u":"b7b2b3c0","n":0}"#)?.failures.map(\.keyword) == ["format", "exclusiveMinimum"])
        #expect(report(iglu, #"{"n":1.0}"#)?.failures.map(\.keyword) == ["type"])
    }

    @Test("names that need escapes are matched whichever way they are written")
    func escapedNames() throws {
        let odd = try validator(
            #"{"properties":{"a\"b":{"type":"null"},"\u00e9":{"type":"null"}},"additionalProperties":false,"required":["a\"b"]}"#
        )
        #expect(report(odd, #"{"a\"b":null,"é":null}"#) == nil)
        #expect(report(odd, #"{"a\u0022b":null,"\u00e9":null}"#) == nil)
        #expect(report(odd, #"{"a"b":null}"#)?.failures.map(\.keyword) == ["json"])
    }
}
