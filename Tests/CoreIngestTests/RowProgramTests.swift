import Testing

@testable import CoreIngest

/// What is left of a schema for the rows of a table.
@Suite struct RowProgramTests {
    private static let kinds: [StreamDescriptor.Kind] = [
        .boolean, .integer(bits: 16), .integer(bits: 32), .integer(bits: 64), .float(bits: 32), .float(bits: 64),
        .numeric(precision: nil, scale: nil), .numeric(precision: 12, scale: 2), .numeric(precision: 3, scale: -2),
        .numeric(precision: 2, scale: 5), .string(maxLength: nil), .string(maxLength: 10), .uuid, .date,
        .time(withZone: false), .timestamp(withZone: true), .interval, .bytes, .text, .array(of: .integer(bits: 32)),
        .array(of: .float(bits: 64)), .array(of: .string(maxLength: nil)),
    ]

    private static func column(_ kind: StreamDescriptor.Kind, _ name: String = "a") -> StreamDescriptor.Column {
        StreamDescriptor.Column(name: name, sqlType: "", kind: kind)
    }

    @Test("a derived schema that the column types guarantee costs nothing", arguments: kinds)
    func derived(_ kind: StreamDescriptor.Kind) throws {
        let schema = try #require(SchemaName(vendor: "com.acme", name: "t", version: .first))
        let columns = [Self.column(kind), Self.column(.text, "b")]
        let text = SchemaDerivation.text(schema, columns: columns, comment: nil, qualifiedName: "t")
        let program = try #require(RowProgram(try validator(text).program, columns: columns))
        #expect(program.checks.count == 0 && program.notNull.count == 0)
    }

    @Test("a json value that may be nested too deeply is read, and a short one is not")
    func json() throws {
        let program = try #require(RowProgram(try validator("{}").program, columns: [Self.column(.json)]))
        #expect(program.checks.count == 1 && program.checks[0].trustedBytes == 1000)
        let asked = try #require(
            RowProgram(try validator(#"{"properties":{"a":{"type":"object"}}}"#).program, columns: [Self.column(.json)])
        )
        #expect(asked.checks.count == 1 && asked.checks[0].trustedBytes == 0)
    }

    @Test(
        "a check that the type does not guarantee stays, and one that it does goes",
        arguments: [
            (.integer(bits: 16), #""minimum":-32768,"maximum":32767"#, 0),
            (.integer(bits: 16), #""minimum":-32767"#, 1),
            (.integer(bits: 32), #""type":"number","exclusiveMaximum":2147483648"#, 0),
            (.integer(bits: 32), #""exclusiveMaximum":2147483647"#, 1), (.integer(bits: 32), #""multipleOf":0.5"#, 0),
            (.integer(bits: 32), #""multipleOf":2"#, 1), (.numeric(precision: 5, scale: 2), #""maximum":999.99"#, 0),
            (.numeric(precision: 5, scale: 2), #""maximum":999.98"#, 1),
            (.numeric(precision: 5, scale: 2), #""type":"number""#, 1),
            (.numeric(precision: 5, scale: 2), #""multipleOf":0.01"#, 0),
            (.numeric(precision: 5, scale: 2), #""multipleOf":0.02"#, 1),
            (.float(bits: 64), #""type":["number","string"]"#, 0), (.float(bits: 64), #""type":"integer""#, 1),
            (.string(maxLength: 5), #""type":"string","maxLength":5"#, 0),
            (.string(maxLength: 5), #""maxLength":4"#, 1), (.string(maxLength: 5), #""minLength":1"#, 1),
            (.string(maxLength: nil), #""maxLength":1000000"#, 1), (.uuid, #""format":"uuid","minLength":36"#, 0),
            (.text, #""format":"uuid""#, 1), (.text, #""minimum":3,"items":false,"required":["x"]"#, 0),
            (.text, #""pattern":"a""#, 1), (.boolean, #""enum":[true,false]"#, 0), (.boolean, #""const":true"#, 1),
            (.text, #""anyOf":[{"type":"object"},{"type":["string","null"]}]"#, 0),
            (.text, #""oneOf":[{"type":"string"},{"type":"null"}]"#, 1),
            (.array(of: .text), #""items":{"type":["string","null","array"]}"#, 0),
            (.array(of: .text), #""items":{"type":"string"}"#, 1),
            (.array(of: .integer(bits: 16)), #""items":{"maximum":32767}"#, 0),
            (.array(of: .integer(bits: 16)), #""items":{"maximum":32766}"#, 1), (.hstore, #""type":"object""#, 1),
            (.composite([]), #""type":["object","string"]"#, 0),
        ] as [(StreamDescriptor.Kind, String, Int)])
    func guarantees(_ kind: StreamDescriptor.Kind, _ rules: String, _ count: Int) throws {
        let schema = try validator(#"{"properties":{"a":{\#(rules)}}}"#, options: Self.asserting)
        let program = try #require(RowProgram(schema.program, columns: [Self.column(kind)]))
        #expect(program.checks.count == count)
    }

    private static var asserting: SchemaOptions {
        var options = SchemaOptions()
        options.formats = .assert
        return options
    }

    @Test(
        "what names decide is decided once for the table",
        arguments: [
            (#"{"required":["a","b"]}"#, true), (#"{"required":["c"]}"#, false),
            (#"{"additionalProperties":false,"properties":{"a":{},"b":{}}}"#, true),
            (#"{"patternProperties":{"^[ab]$":{}},"additionalProperties":false}"#, true),
            (#"{"maxProperties":2,"minProperties":2}"#, true), (#"{"maxProperties":1}"#, false),
            (#"{"minProperties":3}"#, false), (#"{"propertyNames":{"maxLength":1}}"#, true),
            (#"{"propertyNames":{"const":"a"}}"#, false), (#"{"dependentRequired":{"a":["b"],"x":["y"]}}"#, true),
            (#"{"dependentRequired":{"a":["y"]}}"#, false), (#"{"dependentSchemas":{"a":{"required":["b"]}}}"#, true),
            (#"{"allOf":[{"required":["a"]},{"type":"object"}]}"#, true), (#"{"type":"array"}"#, false),
            (#"{"anyOf":[{"required":["a"]}]}"#, false), (#"{"unevaluatedProperties":false}"#, false), ("false", false),
        ])
    func names(_ schema: String, _ hasProgram: Bool) throws {
        let program = RowProgram(try validator(schema).program, columns: [Self.column(.text), Self.column(.text, "b")])
        #expect((program != nil) == hasProgram)
        if let program { #expect(program.checks.count == 0) }
    }

    @Test("a null is looked for where the schema refuses it, and a column that was not sent is not asked")
    func nulls() throws {
        let schema = try validator(
            #"{"properties":{"a":{"type":"string","minLength":1},"b":{"type":["string","null"]}}}"#)
        let row = try #require(
            RowProgram(schema.program, columns: [Self.column(.text), Self.column(.text, "b")]))
        var evaluator = SchemaEvaluator()
        for (payload, spans, hasNull, expected) in [
            (#"{"a":"x","b":null}"#, [(5, 8), (13, 17)], true, true),
            (#"{"a":null,"b":"x"}"#, [(5, 9), (14, 17)], true, false),
            (#"{"a":"","b":"x"}"#, [(5, 7), (12, 15)], false, false), (#"{"b":"x"}"#, [(-1, -1), (5, 8)], true, true),
            ("{}", [(-1, -1)], false, false),
        ] as [(String, [(Int, Int)], Bool, Bool)] {
            let passes = Array(payload.utf8).withUnsafeBytes {
                evaluator.passes(
                    row, spans.map { ValueSpan(start: $0.0, end: $0.1) }, hasNull: hasNull, $0, at: 0)
            }
            #expect(passes == expected, "\(payload)")
        }
    }
}
