import Testing

@testable import CoreIngest

/// What is looked up by a word: long lists of choices, and branches by their tag.
@Suite struct SchemaWordsTests {
    /// Whether a payload passes; recorded as an issue when the report says otherwise.
    private func passes(_ validator: PayloadValidator, _ payload: String, partial: Bool = false) -> Bool {
        var evaluator = SchemaEvaluator()
        return Array(payload.utf8).withUnsafeBytes { bytes in
            let passes = validator.passes(bytes, partial: partial, using: &evaluator)
            #expect(passes == validator.report(bytes, partial: partial).failures.isEmpty, "\(payload)")
            return passes
        }
    }

    /// What kept the evaluator from an answer.
    private func trouble(_ validator: PayloadValidator, _ payload: String) -> SchemaTrouble? {
        var evaluator = SchemaEvaluator()
        return Array(payload.utf8).withUnsafeBytes { bytes in
            _ = validator.passes(bytes, using: &evaluator)
            return evaluator.trouble
        }
    }

    private func has(_ operation: SchemaInstruction.Operation, _ validator: PayloadValidator) -> Bool {
        let instructions = validator.program.fusedInstructions
        return (0..<instructions.count).contains { instructions[$0].operation == operation }
    }

    private static let shapes = #"""
        {"type":"object","required":["kind"],"properties":{"kind":{"const":"dot"},"at":{"type":"integer"}}},
        {"type":"object","required":["kind"],"properties":{"kind":{"enum":["line","path"]},"at":{"type":"string"}}},
        {"$ref":"#/$defs/area"}
        """#
    private static let area =
        #"{"properties":{"kind":{"type":"string","const":"area"},"at":{"type":"null"}},"required":["at"]}"#

    @Test(
        "a tag picks the branch, and what has none of the tags passes as without them", arguments: ["oneOf", "anyOf"])
    func tags(_ keyword: String) throws {
        let schema = try validator(#"{"\#(keyword)":[\#(Self.shapes)],"$defs":{"area":\#(Self.area)}}"#)
        #expect(has(.tagged, schema))
        for (payload, expected) in [
            (#"{"kind":"dot","at":1}"#, true), (#"{"kind":"dot","at":"x"}"#, false),
            (#"{"kind":"path","at":"x"}"#, true),
            (#"{"kind":"line","at":1}"#, false), (#"{"at":null,"kind":"area"}"#, true), (#"{"kind":"area"}"#, false),
            (#"{"kind":"spot","at":1}"#, false), (#"{"kind":1,"at":1}"#, false), (#"{"kind":null}"#, false),
            (#"{"kind":{"kind":"dot"}}"#, false), (#"{"kind":"d\u006ft","at":1}"#, true),
            (#"{"k\u0069nd":"dot","at":1}"#, true),
            (#"{"kind":"d\u006ft","at":"x"}"#, false), (#"{"kind":"","at":1}"#, false),
            // Without the tag only the last branch holds.
            (#"{"at":null}"#, true), (#"{"at":1}"#, false), ("{}", false),
            // Of what is no object only the last branch asks nothing.
            ("7", true), (#""dot""#, true), ("[]", true),
            // A name that comes twice is checked twice.
            (#"{"kind":"dot","kind":"line","at":1}"#, false), (#"{"kind":"dot","kind":"dot","at":1}"#, true),
            (#"{"kind":"none","kind":"dot","at":1}"#, false),
        ] {
            #expect(passes(schema, payload) == expected, "\(payload)")
        }
        #expect(passes(schema, #"{"kind":"area"}"#, partial: true))
        #expect(!passes(schema, #"{"kind":"area","at":1}"#, partial: true))
        #expect(passes(schema, "{}", partial: true))
        let nested = try validator(#"{"items":{"\#(keyword)":[\#(Self.shapes)]},"$defs":{"area":\#(Self.area)}}"#)
        #expect(passes(nested, #"[{"kind":"dot"},{"kind":"area","at":null}]"#))
        #expect(!passes(nested, #"[{"kind":"dot"},{"kind":"area","at":0}]"#))
    }

    @Test(
        "branches that may hold together are all looked at",
        arguments: [
            (#"{"const":"a"},{"const":"a"}"#, #""a""#, false), (#"{"const":"a"},{"enum":["b","a"]}"#, #""b""#, true),
            (#"{"const":"a"},{"enum":["b","a"]}"#, #""a""#, false), (#"{"const":"a"},{"const":1}"#, "1", true),
            (#"{"const":"a"},{"type":"string"}"#, #""a""#, false), (#"{"const":"a"},{"type":"string"}"#, #""b""#, true),
            (#"{"const":"a"},{"const":"\u0061"}"#, #""a""#, false),
            (#"{"const":"a"},{"const":"\u0062"}"#, #""b""#, true),
        ])
    func overlap(_ tags: String, _ tag: String, expected: Bool) throws {
        let branches = tags.replacing("},{", with: "}}},{\"properties\":{\"k\":{")
        let schema = try validator(#"{"oneOf":[{"properties":{"k":\#(branches)}}]}"#)
        #expect(!has(.tagged, schema))
        #expect(passes(schema, #"{"k":\#(tag)}"#) == expected)
    }

    @Test("a pattern without an answer in a branch of another tag counts in neither pass")
    func trouble() throws {
        let text = String(repeating: "a", count: 3000)
        let pattern = #"{"v":{"pattern":"^(a+)+\\1b$"}}"#
        let only = try validator(#"{"properties":\#(pattern)}"#)
        #expect(trouble(only, #"{"v":"\#(text)"}"#) == .pattern)
        #expect(trouble(only, #"{"v":"aaa"}"#) == nil)
        let alone = try #require(report(only, #"{"v":"\#(text)"}"#))
        #expect(alone.failures.map(\.keyword) == ["pattern"])
        #expect(alone.failures.map(\.expected) == [SchemaTrouble.pattern.expected])
        let differs = try #require(report(only, #"{"v":"aaa"}"#))
        #expect(differs.failures.map(\.expected) != [SchemaTrouble.pattern.expected])
        let schema = try validator(
            #"{"oneOf":[{"properties":{"k":{"const":"a"},"v":{"pattern":"^(a+)+\\1b$"}}},{"properties":{"k":{"const":"b"}}}]}"#
        )
        #expect(passes(schema, #"{"v":"\#(text)","k":"b"}"#))
        #expect(trouble(schema, #"{"v":"\#(text)","k":"b"}"#) == nil)
        #expect(!passes(schema, #"{"v":"\#(text)","k":"a"}"#))
        #expect(trouble(schema, #"{"v":"\#(text)","k":"a"}"#) == .pattern)
    }

    @Test("a long list of words is one, however they and the value are written")
    func choices() throws {
        let words = (0..<300).map { #""word\#($0)""# }.joined(separator: ",")
        let schema = try validator(#"{"enum":[\#(words),"word7","",null,17,{"a":1}]}"#)
        #expect(has(.words, schema))
        for index in 0..<300 {
            #expect(passes(schema, #""word\#(index)""#))
            #expect(passes(schema, #""w\u006frd\#(index)""#))
            #expect(!passes(schema, #""wore\#(index)""#))
        }
        for payload in [#""""#, "null", "17", "1.7e1", #"{"a":1}"#] { #expect(passes(schema, payload), "\(payload)") }
        for payload in [#""word300""#, #""word""#, "18", #"{"a":2}"#, "[]", "false"] {
            #expect(!passes(schema, payload), "\(payload)")
        }
        let escaped = try validator(#"{"enum":["a","b","c","d","e","f","\u0067"]}"#)
        #expect(!has(.words, escaped))
        #expect(passes(escaped, #""g""#))
    }

    @Test("arrays of one check each, of any kind")
    func elements() throws {
        let numbers = try validator(#"{"items":{"type":"array","items":{"type":"number"},"minItems":2}}"#)
        #expect(passes(numbers, "[[1,2.5],[1e3,-0,7]]"))
        for payload in [#"[[1,"2"]]"#, "[[1,2],[3,null]]", "[[1]]", "[[1,[]]]"] { #expect(!passes(numbers, payload)) }
        let rest = try validator(#"{"prefixItems":[true],"items":{"const":1}}"#)
        #expect(passes(rest, "[0,1,1]") && !passes(rest, "[0,1,0]"))
    }
}
