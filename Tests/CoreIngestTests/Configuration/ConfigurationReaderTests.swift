import Testing

@testable import CoreIngest

@Suite("Reading YAML")
struct ConfigurationReaderTests {
    private func parse(_ text: String) throws(ConfigurationError) -> ConfigurationNode {
        try ConfigurationReader.parse(Array(text.utf8), file: "buz.yaml")
    }

    @Test("Values keep their order, style and place")
    func places() throws {
        let root = try parse("# comment\napp:\n  name: \"a: b\"\n  'é': [1, 'x']\n")
        guard case .mapping(let top) = root.content, case .mapping(let app) = top[0].value.content else {
            Issue.record("no mappings")
            return
        }
        #expect(top[0].keyPosition == SourcePosition(file: "buz.yaml", line: 2, column: 1))
        #expect(app.map(\.key) == ["name", "é"])
        #expect(app[0].value.position == SourcePosition(file: "buz.yaml", line: 3, column: 9))
        guard case .scalar("a: b", .quoted) = app[0].value.content else {
            Issue.record("not the quoted text")
            return
        }
        guard case .sequence(let items) = app[1].value.content, case .scalar("1", .plain) = items[0].content else {
            Issue.record("not the list")
            return
        }
        // The column counts characters, not bytes.
        #expect(items[1].position == SourcePosition(file: "buz.yaml", line: 4, column: 12))
    }

    @Test(
        "What is no plain tree of texts is refused at its place",
        arguments: [
            ("", "buz.yaml:1:1: the file is empty"),
            ("# only\n", "buz.yaml:1:1: the file is empty"),
            ("a: 1\nb: 2\na: 3\n", "buz.yaml:3:1: the key 'a' is here a second time, first in line 1"),
            ("a: 1\n---\nb: 2\n", "buz.yaml:2:1: a second document begins"),
            ("a: &x 1\nb: *x\n", "buz.yaml:1:4: anchors are not supported"),
            ("a: *x\n", "buz.yaml:1:4: aliases are not supported"),
            ("a: !x 1\n", "buz.yaml:1:4: tags are not supported"),
            ("tables:\n  - !public.audit\n", "buz.yaml:2:5: tags are not supported; quote a text that begins with '!'"),
            ("? [a]\n: 1\n", "buz.yaml:1:3: a key must be plain text"),
            ("a: [1\nb: 2\n", "buz.yaml:2:2: not YAML"),
            ("a:\n  b: 1\n c: 2\n", "buz.yaml:3:2: not YAML"),
            ("a: \u{0}\n", "buz.yaml:1:4: control character U+0"),
            ("é: \u{1b}[31m\n", "buz.yaml:1:4: control character U+1B"),
        ])
    func refused(text: String, start: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.lines.count == 1)
        #expect(error?.lines.first?.hasPrefix(start) == true, "\(error?.lines ?? [])")
    }

    @Test("Bytes that are not UTF-8 are refused at their place")
    func notUTF8() {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader.parse(Array("a: 1\nb: ".utf8) + [0xC3, 0x28], file: "f")
        }
        #expect(error?.lines == ["f:2:4: not UTF-8; save the file as UTF-8"])
    }

    @Test("Depth and size are bounded")
    func bounds() throws {
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try parse(deep)
        let error = #expect(throws: ConfigurationError.self) { try parse("[" + deep + "]") }
        #expect(error?.lines.first?.hasSuffix("more than 32 levels deep") == true)
        let large = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader.parse(Array(repeating: UInt8(ascii: "#"), count: (1 << 20) + 1), file: "f")
        }
        #expect(large?.lines == ["the configuration file 'f' is larger than 1MiB"])
        #expect(throws: ConfigurationError.self) { try parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: ConfigurationError.self) { try parse(String(repeating: "{a: ", count: 100_000)) }
    }

    @Test(
        "A file that cannot be read says why",
        arguments: [("/", "is a folder"), ("/no/such", "cannot be opened: No such")])
    func unreadable(path: String, reason: String) {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationReader.read(path: path) }
        #expect(error?.lines.first?.hasPrefix("the configuration file '\(path)' \(reason)") == true)
        let endless = #expect(throws: ConfigurationError.self) { try ConfigurationReader.read(path: "/dev/zero") }
        #expect(endless?.lines.first?.contains("is larger than 1MiB") == true)
    }
}
