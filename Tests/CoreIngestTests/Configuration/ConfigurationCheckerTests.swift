import Glibc
import Testing

@testable import CoreIngest

@Suite("Checking against a specification")
struct ConfigurationCheckerTests {
    private enum Color: String, CaseIterable, Sendable { case red, green }

    private enum Keys {
        static let name = Key<String>.text("name", "A name.", .required, rule: .identifier, example: "shop")
        static let port = Key<Int>.integer("port", "A port.", .defaulted("80"), in: 1...65535)
        static let flag = Key<Bool>.boolean("flag", "A flag.", .defaulted("true"))
        static let wait = Key<Duration>.duration("wait", "A wait.", .defaulted("5s"), in: .seconds(1)...(.seconds(60)))
        static let size = Key<Int>.byteSize("size", "A size.", .defaulted("1MiB"), in: 1024...(1 << 30))
        static let color = Key<Color>.choice("color", "A colour.", .defaulted("red"))
        static let list = Key<[String]>.texts("list", "A list.", .defaulted(["x"]), minimum: 1)
        static let secret = Key<String?>.optionalText("secret", "A secret.", secrecy: .whole, example: "s")
        static let slot = Key<String>.text(
            "slot", "Made of the name.", .derived(note: "s_ and the name") { $0.text("name").map { "s_" + $0 } })
        static let inner = Key<CheckedSection>.section("inner", SectionSpecification("Inside.", [port.specification]))
        static let things = Key<[CheckedSection]>.sections("things", "Things.", of: .variants(variants))
        static let variants = VariantsSpecification(
            noun: "thing", doc: "A thing.", common: [name.specification],
            variants: [
                .init(type: "one", doc: "One.", keys: [port.specification]), .init(type: "two", doc: "Two.", keys: []),
            ])
    }

    static let specification = SectionSpecification(
        "Root.",
        [
            Keys.name.specification, Keys.port.specification, Keys.flag.specification, Keys.wait.specification,
            Keys.size.specification, Keys.color.specification, Keys.list.specification, Keys.secret.specification,
            Keys.slot.specification, Keys.inner.specification, Keys.things.specification,
            .unavailable("later", "later comes later"),
        ])

    private func check(_ text: String, _ variables: [String: String] = [:]) throws -> (CheckedSection, [String]) {
        var checker = ConfigurationChecker { variables[$0] }
        let section = checker.check(
            try ConfigurationReader.parse(Array(text.utf8), file: "f"), against: Self.specification)
        return (section, checker.problems.map(\.description))
    }

    @Test("Defaults are filled in, of sections that are missing too")
    func defaults() throws {
        let (section, problems) = try check("name: a\nflag:\ninner:\n")
        #expect(problems == [])
        #expect(section[Keys.port] == 80 && section[Keys.flag] && section[Keys.wait] == .seconds(5))
        #expect(section[Keys.size] == 1 << 20 && section[Keys.color] == .red && section[Keys.list] == ["x"])
        #expect(section[Keys.secret] == nil && section[Keys.slot] == "s_a" && section[Keys.inner][Keys.port] == 80)
        #expect(section[Keys.things].isEmpty)
    }

    @Test("What is written is read")
    func written() throws {
        let (section, problems) = try check(
            """
            {name: a, port: 1, flag: false, wait: 2s, size: 4096, color: green, list: [a, b], secret: x, slot: y,
             inner: {port: 2}, things: [{type: one, name: t, port: 3}, {name: u, type: two}]}
            """)
        #expect(problems == [])
        #expect(section[Keys.port] == 1 && !section[Keys.flag] && section[Keys.wait] == .seconds(2))
        #expect(section[Keys.size] == 4096 && section[Keys.color] == .green && section[Keys.list] == ["a", "b"])
        #expect(section[Keys.secret] == "x" && section[Keys.slot] == "y" && section[Keys.inner][Keys.port] == 2)
        #expect(section[Keys.things].map { $0[Keys.name] } == ["t", "u"])
        #expect(section[Keys.things][0][Keys.port] == 3)
    }

    @Test(
        "Each mistake is one line with its place and what to do",
        arguments: [
            ("port: 1", "f:1:1: missing key 'name' at the top level; add e.g. 'name: shop'"),
            ("- a", "f:1:1: the file must be a section of 'key: value' lines, found a list"),
            ("name: a\nprot: 1", "f:2:1: unknown key 'prot' at the top level; did you mean 'port'?"),
            ("name: a\ninner: {prt: 1}", "f:2:9: unknown key 'prt' in inner; did you mean 'port'?"),
            ("name: a\ninner: {x: 1}", "f:2:9: unknown key 'x' in inner; it can be one of port"),
            ("name: a\nlater: 1", "f:2:1: later comes later"),
            ("name: a/b", "f:1:7: name must be 1 to 63 letters, digits, '-' or '_', found 'a/b'"),
            ("name: a\nport: x", "f:2:7: port must be a whole number from 1 to 65535, found 'x'"),
            ("name: a\nport: 0", "f:2:7: port must be a whole number from 1 to 65535, found '0'"),
            ("name: a\nport: 1e3", "f:2:7: port must be a whole number from 1 to 65535, found '1e3'"),
            (
                "name: a\nport: 99999999999999999999",
                "f:2:7: port must be a whole number from 1 to 65535, found '99999999999999999999'"
            ),
            (
                "name: a\nport: '1'",
                "f:2:7: port must be a whole number from 1 to 65535, found '1'; leave the quotes away"
            ),
            ("name: a\nport: [1]", "f:2:7: port must be a whole number from 1 to 65535, found a list"),
            ("name: a\nflag: yes", "f:2:7: flag must be true or false, found 'yes'"),
            ("name: a\nwait: 5", "f:2:7: wait must be a duration with a unit, from 1s to 1m, found '5'"),
            ("name: a\nwait: 2m", "f:2:7: wait must be a duration with a unit, from 1s to 1m, found '2m'"),
            ("name: a\nsize: 1", "f:2:7: size must be a size in bytes, such as 64MiB, from 1KiB to 1GiB, found '1'"),
            ("name: a\ncolor: gren", "f:2:8: color must be one of red, green, found 'gren'; did you mean 'green'?"),
            ("name: a\nlist: x", "f:2:7: list must be a list, found a single value; put '- ' before each entry"),
            ("name: a\nlist: []", "f:2:7: list must have at least 1 entry"),
            ("name: a\nlist: [x, '']", "f:2:11: list must be a text that is not empty, found ''"),
            ("name: a\ninner: 5", "f:2:8: inner must be a section of 'key: value' lines, found a single value"),
            ("name: {file: x}", "f:1:7: name must be a text, found a section; write a single value"),
            (
                "name: a\nsecret: {file: /no/such}",
                "f:2:16: the file '/no/such' of secret cannot be opened: No such file or directory"
            ),
            (
                "name: a\nsecret: {fiel: x}",
                "f:2:9: secret must be a text, found a section; write a single value, or {file: PATH}"
            ),
            ("name: a\nsecret: {file: /dev/zero}", "f:2:16: the file '/dev/zero' of secret is not a regular file"),
            ("name: a\nthings: [{name: x}]", "f:2:10: missing key 'type' in things; it is one of one, two"),
            ("name: a\nthings: [{name: x, type: tow}]", "f:2:26: unknown type 'tow' of thing; did you mean 'two'?"),
            (
                "name: a\nthings: [{name: x, type: zzz}]",
                "f:2:26: unknown type 'zzz' of thing; it can be one of one, two"
            ),
            (
                "name: a\nthings: [{type: two, name: x, port: 1}]",
                "f:2:31: unknown key 'port' in things of type two; it can be one of name, type"
            ),
            (
                "name: a\nport: ${NONE}",
                "f:2:7: the environment variable NONE is not set; set it, or write ${NONE:-default}"
            ),
            ("name: \"a\\nb\"", "f:1:7: name must be 1 to 63 letters, digits, '-' or '_', found 'a\\u{a}b'"),
        ])
    func mistakes(text: String, line: String) throws {
        #expect(try check(text).1 == [line])
    }

    @Test("All mistakes are found at once, in the order of the file")
    func all() throws {
        var checker = ConfigurationChecker { _ in nil }
        let text = "port: x\nprot: 1\nthings: [{type: one, port: y}]\n"
        _ = checker.check(try ConfigurationReader.parse(Array(text.utf8), file: "f"), against: Self.specification)
        let places = ConfigurationError(checker.problems).problems.map { $0.position?.description ?? "" }
        #expect(places == ["f:1:1", "f:1:7", "f:2:1", "f:3:10", "f:3:28"])
    }

    @Test("A value of variables only is typed by what they hold, and missing when they hold nothing")
    func variables() throws {
        let (section, problems) = try check(
            "{name: \"${N}\", port: \"${P}\", secret: \"x${P}\"}", ["N": "a", "P": "7"])
        #expect(problems == [])
        #expect(section[Keys.port] == 7 && section[Keys.secret] == "x7")
        let (empty, none) = try check("name: a\nport: ${P:-}\nsecret: ${P:-}\n")
        #expect(none == [])
        #expect(empty[Keys.port] == 80 && empty[Keys.secret] == nil)
    }

    @Test("A secret is read from its file without its last newline, and appears in no view and no message")
    func secretFile() throws {
        var template = Array("/tmp/buz-secret-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(path) }
        let contents = "hush hush\n\n"
        #expect(write(descriptor, contents, contents.utf8.count) == contents.utf8.count)
        close(descriptor)
        let (section, problems) = try check("name: a\nsecret: {file: ${F}}\n".replacing("${F}", with: path))
        #expect(problems == [])
        #expect(section[Keys.secret] == "hush hush\n")
        #expect(ResolvedView.yaml(section).contains("secret: \"***\""))
        #expect(!ResolvedView.yaml(section).contains("hush"))
        let (_, wrong) = try check("name: a\nsecret: \"\"\n")
        #expect(wrong == ["f:2:9: secret must be a text that is not empty"])
    }

    @Test("The reports of a file full of mistakes are bounded")
    func bounded() throws {
        let text = "name: a\n" + (0..<1000).map { "x\($0): 1\n" }.joined()
        var checker = ConfigurationChecker { _ in nil }
        _ = checker.check(try ConfigurationReader.parse(Array(text.utf8), file: "f"), against: Self.specification)
        let lines = ConfigurationError(checker.problems).lines
        #expect(lines.count == 51 && lines.last == "and 950 more; mend these first")
    }
}
