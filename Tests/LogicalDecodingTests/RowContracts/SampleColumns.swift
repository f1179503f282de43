import CoreIngest

@testable import LogicalDecoding

/// A column of each kind, with texts as Postgres writes them.
struct SampleColumn: Sendable {
    var name: String
    var type: String
    var modifier: Int32 = -1
    var texts: [String]

    var oid: UInt32 { type == "unknown" ? 999_999 : SampleTypes.oid(type) ?? 0 }

    private static let numbers = ["0", "1", "2", "-1", "7", "12", "100", "-32768", "32767"]
    private static let words = [
        "", "a", "ab", "abc", "abcdef", "A-1", "é€😀", "say \"x\"", "back\\slash", "l\nf", "2026-01-02", "1",
    ]
    private static let documents = [
        "null", "true", "1", "2.0", #""a""#, #""\u0061b""#, "[]", "[1,2]", "[1,1]", #"["a",1]"#, "{}", #"{"a":1}"#,
        #"{"a":"x","b":[]}"#, #"{"a": 1,"a": "x"}"#, #"{"b" : {"a":{"a":7}}}"#, nested(998), nested(999), nested(1200),
    ]

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    static let all: [SampleColumn] = [
        SampleColumn(name: "flag", type: "bool", texts: ["t", "f"]),
        SampleColumn(name: "small", type: "int2", texts: numbers),
        SampleColumn(name: "whole", type: "int4", texts: numbers + ["2147483647", "-2147483648"]),
        SampleColumn(name: "big", type: "int8", texts: numbers + ["9223372036854775807", "-9223372036854775808"]),
        SampleColumn(name: "oid", type: "oid", texts: ["0", "1", "4294967295"]),
        SampleColumn(
            name: "real", type: "float4", texts: ["1", "0.1", "1e+20", "NaN", "Infinity", "-Infinity", "-0", "2"]),
        SampleColumn(name: "double", type: "float8", texts: ["3", "1.5", "1e-07", "NaN", "-Infinity", "12"]),
        SampleColumn(
            name: "any number", type: "numeric",
            texts: numbers + ["1.50", "2.00", "NaN", "Infinity", "123456789012345678901234567890"]),
        SampleColumn(
            name: "price", type: "numeric", modifier: (5 << 16 | 2) + 4,
            texts: ["0.00", "1.50", "-999.99", "999.99", "NaN", "7.00"]),
        SampleColumn(
            name: "round", type: "numeric", modifier: (4 << 16) + 4, texts: ["0", "12", "-9999", "9999", "NaN"]),
        SampleColumn(
            name: "hundreds", type: "numeric", modifier: (3 << 16 | (-2 & 0x7FF)) + 4,
            texts: ["0", "100", "-99900", "NaN"]),
        SampleColumn(name: "text", type: "text", texts: words),
        SampleColumn(name: "short", type: "varchar", modifier: 9, texts: ["", "a", "abc", "abcde", "é€😀"]),
        SampleColumn(name: "char", type: "bpchar", modifier: 7, texts: ["a  ", "abc", "é  "]),
        SampleColumn(
            name: "id", type: "uuid",
            texts: ["3f8c0d5e-7b1a-4c2d-9e0f-012345678901", "00000000-0000-0000-0000-000000000000"]),
        SampleColumn(name: "day", type: "date", texts: ["2026-01-02", "infinity", "0044-03-15 BC", "12026-01-02"]),
        SampleColumn(
            name: "at", type: "timestamptz",
            texts: ["2026-01-02 03:04:05+00", "2026-01-02 03:04:05.123456+00", "-infinity", "10000-01-01 00:00:00+00"]),
        SampleColumn(name: "local", type: "timestamp", texts: ["2026-01-02 03:04:05", "infinity"]),
        SampleColumn(name: "hour", type: "time", texts: ["03:04:05", "24:00:00"]),
        SampleColumn(name: "span", type: "interval", texts: ["1 day", "P1D", "-00:00:01"]),
        SampleColumn(name: "bytes", type: "bytea", texts: ["\\x", "\\x00ff"]),
        SampleColumn(name: "doc", type: "jsonb", texts: documents),
        SampleColumn(name: "raw", type: "json", texts: documents),
        SampleColumn(name: "map", type: "hstore", texts: ["", #""a"=>"1""#, #""a"=>NULL, "b"=>"x""#]),
        SampleColumn(name: "mood", type: "mood", texts: ["sad", "ok", "happy", "new one"]),
        SampleColumn(name: "list", type: "_int4", texts: ["{}", "{1,2}", "{1,NULL}", "{{1,2},{3,4}}", "{7,7}"]),
        SampleColumn(name: "tags", type: "_text", texts: ["{}", "{a,b}", #"{"x \" y",NULL}"#]),
        SampleColumn(name: "amounts", type: "_numeric", texts: ["{1.5,NaN}", "{2}", "{{1},{2}}"]),
        SampleColumn(name: "docs", type: "_jsonb", texts: [#"{"{\"a\": 1}","[]"}"#, "{1}"]),
        SampleColumn(name: "pair", type: "pair", texts: ["(1,x)", "(,)", "(1)", #"(7,"a ""b""")"#]),
        SampleColumn(name: "nest", type: "nest", texts: [#"("(1,x)","{""(2,y)""}","{""a"": 1}")"#, "(,,)"]),
        SampleColumn(name: "worth", type: "price", texts: ["1.50", "1234567890.12", "NaN"]),
        SampleColumn(name: "vector", type: "vector", texts: ["[1,2]", "x"]),
        SampleColumn(name: "other \"x\"", type: "unknown", texts: ["?", "1"]),
    ]

    /// What a schema may say of one value.
    static let rules = [
        #""type":"integer""#, #""type":"number""#, #""type":"string""#, #""type":"boolean""#, #""type":"null""#,
        #""type":"object""#,
        #""type":"array""#, #""type":["integer","null"]"#, #""type":["string","null"]"#,
        #""type":["number","string","null"]"#,
        #""type":["object","array","null","string"]"#, #""enum":[1,"a",null,true,[1,2],{"a":1}]"#,
        #""enum":["sad","ok","happy","a","abc","1",""]"#, #""const":1"#, #""const":"ab""#, #""const":null"#,
        #""minimum":0"#, #""minimum":-32768"#,
        #""maximum":32767"#, #""maximum":999.99,"minimum":-999.99"#, #""maximum":2147483647,"minimum":-2147483648"#,
        #""exclusiveMaximum":9223372036854775808"#,
        #""exclusiveMinimum":0"#, #""exclusiveMaximum":100"#, #""multipleOf":0.01"#, #""multipleOf":1"#,
        #""multipleOf":0.5"#, #""multipleOf":100"#,
        #""minLength":0"#, #""minLength":1"#, #""minLength":36"#, #""maxLength":3"#, #""maxLength":5"#,
        #""maxLength":36"#, #""type":"string","maxLength":5"#,
        #""type":"string","minLength":2,"maxLength":100"#,
        #""type":"integer","minimum":-2147483648,"maximum":2147483647"#, #""type":"integer","minimum":0,"maximum":9"#,
        #""pattern":"^[a-z]+$""#, #""pattern":"é|\\d""#, #""pattern":"^(?!a)""#, #""pattern":"^(a+)+$""#,
        #""format":"date""#, #""format":"date-time""#, #""format":"uuid""#,
        #""format":"time""#, #""format":"duration""#, #""contentMediaType":"application/json""#, #""minItems":1"#,
        #""maxItems":1"#, #""uniqueItems":true"#,
        #""items":{"type":["integer","null","array"]}"#, #""items":{"type":["string","null","array"]}"#,
        #""items":{"type":"integer"}"#,
        #""items":{"type":["number","string","null","array"],"maximum":1000}"#, #""items":false"#,
        #""prefixItems":[{"type":"integer"}]"#,
        #""contains":{"type":"integer"},"minContains":2"#, #""unevaluatedItems":{"type":"string"}"#,
        #""minProperties":1"#, #""maxProperties":1"#,
        #""properties":{"a":{"type":"integer"}},"required":["a"]"#,
        #""additionalProperties":{"type":["string","null"]}"#,
        #""additionalProperties":false,"properties":{"n":{},"say \"t\"":{}}"#,
        #""patternProperties":{"^a":{"type":"string"}}"#,
        #""propertyNames":{"maxLength":1}"#, #""unevaluatedProperties":false"#, #""dependentRequired":{"a":["b"]}"#,
        #""anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]"#,
        #""anyOf":[{"type":["number","null"],"minimum":-999.99,"maximum":999.99,"multipleOf":0.01},{"enum":["NaN","Infinity","-Infinity"]}]"#,
        #""anyOf":[{"type":"string"},{"type":"null"}]"#, #""oneOf":[{"minimum":5},{"maximum":2}]"#,
        #""allOf":[{"type":"integer"},{"minimum":0}]"#,
        #""not":{"const":"a"}"#, #""not":{"type":"string"}"#,
        #""if":{"type":"integer"},"then":{"minimum":1},"else":{"type":["string","object"]}"#,
        ##""$ref":"#/$defs/word""##, ##""$ref":"#/$defs/tree""##, ##""$ref":"#/$defs/id""##,
        ##""$dynamicRef":"#node""##,
    ]
    static let definitions = ##"""
        "$defs":{"word":{"type":["string","null"],"maxLength":5},"id":{"$anchor":"id","type":["integer","string"]},
        "tree":{"$dynamicAnchor":"node","anyOf":[{"type":["string","number","boolean","null"]},{"items":{"$ref":"#/$defs/tree"},"additionalProperties":{"$ref":"#/$defs/tree"}}]}}
        """##
}
