import Testing

@testable import LogicalDecoding

/// Names of tables and columns may hold anything but a zero byte; Swift's characters join scalars that SQL tells apart.
struct OddNameTests {
    @Test(
        "Quotes are doubled, also before a combining mark",
        arguments: [
            ("a\"b", "\"a\"\"b\""), ("a\"\u{301}", "\"a\"\"\u{301}\""), ("\r\n\"", "\"\r\n\"\"\""), ("", "\"\""),
        ])
    func identifiers(name: String, quoted: String) {
        #expect(Array(SQLText.identifier(name).utf8) == Array(quoted.utf8))
    }

    @Test(
        "Literals end where they should",
        arguments: [("it's", "'it''s'"), ("'\u{301}", "'''\u{301}'"), ("\\\u{301}'", " E'\\\\\u{301}'''")])
    func literals(text: String, quoted: String) {
        #expect(Array(SQLText.literal(text).utf8) == Array(quoted.utf8))
    }

    @Test(
        "Patterns match names scalar by scalar",
        arguments: [
            (["public.*"], "\u{301}accent", true), (["\u{301}accent"], "\u{301}accent", true),
            (["public.*", "!public.\u{301}*"], "\u{301}accent", false), (["public.*"], "\r\n", true),
        ])
    func patterns(patterns: [String], table: String, isWanted: Bool) {
        #expect(TablePatterns(patterns).matches(schema: "public", table: table) == isWanted)
    }

    @Test("A table without columns is known")
    func withoutColumns() {
        var catalog = TableCatalog()
        catalog.load(row: ["50", "public", "bare", "r", "d", nil] + Array(repeating: nil, count: 13))
        #expect(catalog.relation(50, columns: [])?.name == "bare")
        #expect(catalog.relation(50)?.columns.isEmpty == true)
    }
}
