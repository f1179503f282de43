import Testing

@testable import CoreIngest

@Suite("Variables in values")
struct ValueExpanderTests {
    private func expand(_ text: String) throws(ValueExpander.Failure) -> String {
        let variables = ["A": "one", "EMPTY": "", "NESTED": "${A}", "_x1": "low"]
        var expander = ValueExpander { variables[$0] }
        return try expander.expand(text).text
    }

    @Test(
        "References are replaced, once, and nothing else is touched",
        arguments: [
            ("plain", "plain"), ("${A}", "one"), ("x${A}y${A}", "xoneyone"), ("${NESTED}", "${A}"), ("${_x1}", "low"),
            ("${B:-two}", "two"), ("${B:-}", ""), ("${EMPTY:-two}", "two"), ("${EMPTY}", ""), ("${A:-two}", "one"),
            ("${B:-a:b-c d}", "a:b-c d"), ("$A $ $$ $", "$A $ $$ $"), ("$${A}", "${A}"), ("$${A} ${A}", "${A} one"),
            ("$$${A}", "$${A}"), ("cost: 5$", "cost: 5$"),
        ])
    func expands(text: String, expected: String) throws {
        #expect(try expand(text) == expected)
    }

    @Test(
        "A reference that cannot be resolved says what to do",
        arguments: [
            ("${B}", "the environment variable B is not set; set it, or write ${B:-default}"),
            ("${A", "'${' without '}'; close it, or write '$${' for a literal '${'"),
            ("${}", "'${}' is not a variable"), ("${1A}", "'${1A}' is not a variable"),
            ("${A:?no}", "'${A:?no}' is not a variable"), ("${A-x}", "'${A-x}' is not a variable"),
        ])
    func fails(text: String, start: String) {
        let failure = #expect(throws: ValueExpander.Failure.self) { try expand(text) }
        #expect(failure?.message.hasPrefix(start) == true)
    }

    @Test("Variables cannot blow a small file up")
    func bounded() throws {
        let long = String(repeating: "x", count: 1 << 20)
        var expander = ValueExpander { _ in long }
        for _ in 0..<4 { _ = try expander.expand("${A}") }
        #expect(throws: ValueExpander.Failure.self) { try expander.expand("${A}") }
    }
}
