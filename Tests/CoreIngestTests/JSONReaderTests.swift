import CoreIngest
import Testing

/// Reads a text and gives its view to `body`.
func withJSON<Result>(
    _ text: String, limits: JSONLimits = JSONLimits(), _ body: (JSONView) throws -> Result
) throws -> Result {
    try withJSON(Array(text.utf8), limits: limits, body)
}

func withJSON<Result>(
    _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), _ body: (JSONView) throws -> Result
) throws -> Result {
    var reader = JSONReader(limits: limits)
    return try bytes.withUnsafeBytes { try body(reader.read($0)) }
}

@Suite struct JSONReaderTests {
    @Test(
        "accepts what the grammar allows",
        arguments: [
            "null", " true ", "false", "0", "-0", "10", "-1.5", "1e9", "1E+9", "2.5e-3", "\"\"", "\"a\"", "[]", "[ ]",
            "{}",
            "{ }", "[1,2]", "[[],[[]]]", "{\"a\":1}", " { \"a\" : { \"b\" : [ 1 , \"x\" ] } } ",
            "\"\\u00e9\\n\\\"\\\\\\/\"",
            "\"\u{20AC}\u{1F600}\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\t\r\n1\n", "[true,false,null]",
            "\"12345678\"",
            "\"1234567\u{E9}9\"", "123456789012345678901234567890", "{\"a\":1,\"a\":2}", "[{}]", "{\"\":{}}",
        ])
    func accepts(_ text: String) throws { try withJSON(text) { #expect($0.hasRoot) } }

    @Test(
        "refuses what the grammar does not allow, and says where",
        arguments: [
            ("", JSONError.Code.empty, 0), ("  ", .empty, 2), ("tru", .malformedLiteral, 0),
            ("nulL", .malformedLiteral, 0),
            ("01", .malformedNumber, 0), ("-", .malformedNumber, 0), ("1.", .malformedNumber, 0),
            (".5", .unexpectedByte, 0),
            ("1e", .malformedNumber, 0), ("+1", .unexpectedByte, 0), ("1 2", .trailingBytes, 2),
            ("[1,]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("[1", .unexpectedEnd, 2),
            ("[", .unexpectedEnd, 1),
            ("{", .unexpectedEnd, 1), ("{\"a\"}", .expectedColon, 4), ("{\"a\":}", .unexpectedByte, 5),
            ("{\"a\":1,}", .expectedKey, 7), ("{a:1}", .expectedKey, 1), ("{\"a\":1]", .unexpectedByte, 6),
            ("[1}", .unexpectedByte, 2), ("]", .unexpectedByte, 0), ("\"a", .unexpectedEnd, 2),
            ("\"\\x\"", .malformedEscape, 1),
            ("\"\\u12g4\"", .malformedEscape, 1), ("\"\\u12", .malformedEscape, 1),
            ("\"a\u{1}\"", .controlCharacter, 2),
            ("\"12345678\n\"", .controlCharacter, 9), ("NaN", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
            ("{,}", .expectedKey, 1), ("[1],", .trailingBytes, 3), ("{}}", .trailingBytes, 2),
            ("/**/1", .unexpectedByte, 0),
            ("\u{FEFF}1", .unexpectedByte, 0), ("\"\\", .unexpectedEnd, 2),
        ] as [(String, JSONError.Code, Int)])
    func refuses(_ text: String, code: JSONError.Code, offset: Int) {
        let error = #expect(throws: JSONError.self) { try withJSON(text) { _ in } }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    @Test(
        "refuses bytes that are not UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xC3], [0xFF], [0xE2, 0x28, 0xA1],
            [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func refusesMalformedUTF8(_ bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try withJSON([0x22, 0x61] + bytes + [0x22]) { _ in } }
        #expect(error?.code == .malformedUTF8)
        #expect(error?.offset == 2)
    }

    @Test("an error has a line and a column, and says them")
    func errorPlace() {
        let error = #expect(throws: JSONError.self) { try withJSON("{\n  \"a\": x\n}") { _ in } }
        #expect(error?.line == 2)
        #expect(error?.column == 8)
        #expect(error?.description.contains("line 2, column 8") == true)
    }

    @Test("every prefix of a document is refused, and every byte of it may be cut or changed without a crash")
    func mutations() throws {
        let text = Array("{\"a\":[1,-2.5e3,\"x\\u00e9\\n\u{20AC}\",true,null,{}],\"b\":{\"c\":\"\"}}".utf8)
        try withJSON(text) { #expect($0.count(0) == 2) }
        for end in 0..<text.count {
            #expect(throws: JSONError.self) { try withJSON(Array(text[..<end])) { _ in } }
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // Whatever is accepted can be walked to the end.
            try? withJSON(bytes) { view in walk(view, 0) }
        }
    }

    private func walk(_ view: JSONView, _ value: Int) {
        _ = view.text(value)
        _ = view.string(value)
        for element in view.elements(value) { walk(view, element) }
        for member in view.members(value) {
            _ = view.string(member.name)
            walk(view, member.value)
        }
    }

    @Test("depth is limited: a hundred thousand brackets are an error, and the limit itself is allowed")
    func depth() throws {
        let error = #expect(throws: JSONError.self) {
            try withJSON([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) { _ in }
        }
        #expect(error?.code == .tooDeep)
        let three = JSONLimits(depth: 3)
        try withJSON("[[[1]],{}]", limits: three) { #expect($0.count(0) == 2) }
        #expect(throws: JSONError.self) { try withJSON("[[[[1]]]]", limits: three) { _ in } }
    }

    @Test("size is limited")
    func size() {
        let error = #expect(throws: JSONError.self) { try withJSON("[1,2,3]", limits: JSONLimits(bytes: 6)) { _ in } }
        #expect(error?.code == .tooLarge)
    }

    @Test("values are found by name, the last where a name comes twice")
    func members() throws {
        try withJSON("{\"a\":1,\"\\u0062\":{\"c\":[true]},\"a\":3,\"a long name of more than eight bytes\":4}") {
            view in
            #expect(view.count(0) == 4)
            #expect(view.member(0, named: "a").flatMap { view.integer($0) } == 3)
            let b = try #require(view.member(0, named: "b"))
            let c = try #require(view.member(b, named: "c"))
            #expect(view.elements(c).map { view.boolean($0) } == [true])
            #expect(view.member(0, named: "a long name of more than eight bytes").flatMap { view.integer($0) } == 4)
            #expect(view.member(0, named: "z") == nil)
            #expect(view.hasDuplicateNames(0))
            #expect(!view.hasDuplicateNames(b))
            #expect(
                view.members(0).map { view.string($0.name) } == ["a", "b", "a", "a long name of more than eight bytes"])
        }
    }

    @Test("a name that comes twice in two spellings is a duplicate")
    func duplicateSpellings() throws {
        try withJSON("{\"a\":1,\"\\u0061\":2}") { #expect($0.hasDuplicateNames(0)) }
    }

    @Test(
        "strings are unescaped",
        arguments: [
            ("\"\"", ""), ("\"abc\"", "abc"), ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{C}\n\r\t"),
            ("\"\\u20ac\"", "\u{20AC}"),
            ("\"\\uD83D\\uDE00!\"", "\u{1F600}!"), ("\"\\ud83d\"", "\u{FFFD}"), ("\"\\ude00x\"", "\u{FFFD}x"),
            ("\"\\ud83d\\u0041\"", "\u{FFFD}A"), ("\"\\u0000\"", "\u{0}"), ("\"é\\n\"", "é\n"),
        ])
    func strings(_ text: String, expected: String) throws { try withJSON(text) { #expect($0.string(0) == expected) } }

    @Test("a value's text is what was written, space and all")
    func text() throws {
        try withJSON(" {\"a\" : [1, 2.50 ,\"x\\n\"]} ") { view in
            let a = try #require(view.member(0, named: "a"))
            let texts = [0, a].map { String(decoding: view.text($0), as: UTF8.self) }
            #expect(texts == ["{\"a\" : [1, 2.50 ,\"x\\n\"]}", "[1, 2.50 ,\"x\\n\"]"])
            let elements = view.elements(a).map { String(decoding: view.text($0), as: UTF8.self) }
            #expect(elements == ["1", "2.50", "\"x\\n\""])
        }
    }

    @Test("a reader is used again, and a kept document outlives its text")
    func reuse() throws {
        var reader = JSONReader()
        for count in [1, 500, 3] {
            let text = Array("[\(Array(repeating: "1", count: count).joined(separator: ","))]".utf8)
            let found = try text.withUnsafeBytes { try reader.read($0).count(0) }
            #expect(found == count)
        }
        let document = try JSONDocument("{\"a\":[1,2,3]}")
        #expect(document.view.member(0, named: "a").map { document.view.count($0) } == 3)
    }
}

extension JSONView {
    /// A root is there.
    fileprivate var hasRoot: Bool { !text(0).isEmpty }
}
