import Testing

@testable import CoreIngest

/// Patterns and texts by hand, each asked in every way that can answer it.
@Suite struct PatternTests {
    @Test(
        "a pattern matches what ECMA-262 says it matches",
        arguments: [
            ("", "", true), ("", "x", true), (".*", "\n", true), ("^.*$", "a\nb", false), ("^.*$", "", true),
            ("abc", "xxabcxx", true), ("abc", "ab", false), ("^abc", "abcd", true), ("^abc", "xabc", false),
            ("abc$", "xabc", true), ("abc$", "abc\n", false), ("^abc$", "abc", true), ("^(abc|d)$", "d", true),
            ("^(abc|d)$", "ab", false), ("^abc|d$", "xd", true), ("^a$|^b$", "b", true), ("^[a-z]{2,3}$", "ab", true),
            ("^[a-z]{2,3}$", "abcd", false), ("^.{2}$", "éé", true), ("^.{2}$", "𐐷", false),
            ("^.{2,3}$", "\u{2028}a", false),
            ("^[^a]+$", "bcé", true), ("^[^a]+$", "bca", false), ("[]", "a", false), ("^[^]$", "\n", true),
            ("^[!*[\\]~]+$", "[]!", true), ("^[\\w-.]+$", "a-.", true), ("^[a\\-z]+$", "a-z", true),
            ("^[a\\-z]+$", "b", false), ("^\\d+$", "12", true), ("^\\d+$", "\u{09EA}", false), ("^\\w$", "é", false),
            ("^\\s$", "\u{FEFF}", true), ("^\\S$", "\u{2003}", false), ("^\\cC$", "\u{03}", true),
            ("^\\x41\\u0042\\u{43}$", "ABC", true), ("^\\uD83D\\uDC32*$", "🐲🐲", true), ("^🐲{2}$", "🐲🐲", true),
            ("^\\p{Letter}+$", "aé漢", true), ("^\\p{Lu}$", "a", false), ("^\\p{Script=Greek}+$", "αβγ", true),
            ("^\\p{sc=Han}$", "漢", true), ("^\\P{L}$", "1", true), ("^[\\p{L}\\d]+$", "é1", true),
            ("^\\p{digit}+$", "৪২", true), ("^\\p{Alphabetic}$", "a", true), ("^\\p{C}$", "\u{E000}", true),
            ("\\bcat\\b", "a cat!", true), ("\\bcat\\b", "concat", false), ("\\Bcat", "concat", true),
            ("\\Bcat", "a cat", false), ("\\b", "é", false), ("\\B", "a", false), ("\\B", "é", true),
            ("\\B", "aéa", false),
            ("x*", "y", true), ("(a+)+$", "aaab", false), ("(a|aa)+$", "baaa", true),
            ("^(?:a|ab)(?:c|bcd)$", "abcd", true),
            ("^a{0}b$", "b", true), ("^(a{2}){2}$", "aaaa", true), ("^(a{2}){2}$", "aaa", false),
            ("^a{2,}$", "aaa", true),
            ("^a{2,}$", "a", false), ("^a+?$", "aa", true), ("a{,2}", "a{,2}", true), ("^{a}$", "{a}", true),
            ("]", "]", true),
            ("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abc1", true), ("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abcd", false),
            ("(?:^)*a", "xa", true), ("(?:(?<=a))?b", "b", true),
            ("^(?!foo)", "bar", true), ("^(?!foo)", "foobar", false), ("(?<=a)b", "ab", true), ("(?<=a)b", "cb", false),
            ("(?<!a)b", "cb", true), ("(?<!a)b", "ab", false), ("(?<=^|,)x", "a,x", true),
            ("(?<=(\\d+)(\\d+))$", "1053", true),
            ("^(a)\\1$", "aa", true), ("^(a)\\1$", "ab", false), ("^(?<x>a|b)\\k<x>$", "bb", true), ("\\k", "k", true),
            ("^\\1(a)$", "a", true), ("^(?:(a)|b)*\\1$", "ab", true), ("(z)((a+)?(b+)?(c))*$", "zaacbbbcac", true),
            ("^(?:(?=(a))a)+b\\1$", "aaba", true), ("^(?:(a*))*$", "aab", false), ("^(?!(a)b)\\1c$", "c", true),
            ("^(é|漢)\\1$", "漢漢", true), ("(?<=\\1(é))x", "ééx", true), ("^a|", "zzz", true), ("^$", "", true),
            ("^$", "a", false),
            ("(?:^a)+b", "ab", true), ("(^|x)a", "ba", false), ("a(?:b|$)", "xa", true), ("(?:$)a", "a", false),
            ("^(?:.|\\n)*end$", "a\nend", true), ("[^\\u{10000}-\\u{10FFFF}]", "🐲", false),
        ])
    func cases(_ pattern: String, _ text: String, _ expected: Bool) throws {
        for answer in try PatternWays.answers(pattern, text) {
            #expect(answer.verdict == (expected ? .matches : .differs), "/\(pattern)/ on '\(text)': \(answer.way)")
        }
    }

    @Test(
        "what ECMA-262 does not have is refused, with its place",
        arguments: [
            ("(", 0), ("a)", 1), ("[a", 0), ("*", 0), ("a**", 2), ("^*", 0), ("\\b+", 0), ("(?<=a)*", 0), ("{2}", 0),
            ("a{2,1}", 1), ("[z-a]", 1), ("\\", 0), ("\\a", 0), ("\\Z", 0), ("\\1", 0), ("\\01", 0), ("\\c1", 0),
            ("\\x4", 0),
            ("\\u00", 0), ("\\u{110000}", 0), ("\\u{}", 0), ("\\p", 0), ("\\pL", 0), ("\\p{Nope}", 0),
            ("\\p{Script=Nope}", 0),
            ("\\p{", 0), ("(?i)a", 0), ("(?P<x>a)", 0), ("(?<1>a)", 3), ("(?<x>a)(?<x>b)", 7), ("(?<x>a)\\k<y>", 7),
            ("(?<x>a)\\k", 7), ("[\\B]", 1), ("(?<x", 3), ("^\\S(|(.|\\n)*\\S)\\Z", 15),
        ])
    func refused(_ pattern: String, _ offset: Int) throws {
        let error = #expect(throws: PatternError.self) { try PatternWays.pattern(pattern) }
        #expect(error?.offset == offset, "/\(pattern)/: \(String(describing: error))")
        #expect(error?.message.isEmpty == false && error?.message.contains("\n") == false)
    }

    @Test(
        "what is too large is refused",
        arguments: [
            String(repeating: "(", count: 1000), String(repeating: "(?:a{1,1000}){1,1000}", count: 2),
            String(repeating: "a", count: 70_000), "((((((x{99}){99}){99}){99}){99}){99})", "a[bc]{999999999}d",
            "(?:(?=a){65536}){65536}b",
        ])
    func tooLarge(_ pattern: String) {
        let error = #expect(throws: PatternError.self) { try PatternWays.pattern(pattern) }
        #expect(error?.code == .tooLarge)
    }

    @Test(
        "a pattern that blows up elsewhere is linear, or says that its steps are used up",
        arguments: [
            ("(a+)+$", PatternVerdict.differs), ("^(a+)+$", .differs), ("(a|aa)+$", .differs), ("^(a|aa)+$", .differs),
            ("(.*)*x", .differs), ("(a*)*b", .differs), ("(?=(a+)+$)b", .exhausted), ("^(?=(?=(a+)+$)a)", .differs),
            ("^(a+)+\\1b$", .exhausted), ("^((a*)*\\2)*b", .exhausted), ("(?:.*a){12}z", .differs),
        ])
    func blowUp(_ pattern: String, _ expected: PatternVerdict) throws {
        let text = String(repeating: "a", count: 30) + "!"
        #expect(try PatternWays.pattern(pattern).match(text) == expected)
    }

    @Test("bytes that are not UTF-8 are characters that nothing names")
    func notUTF8() throws {
        for bytes: [UInt8] in [[0x80], [0xC3], [0xFF, 0xFE], [0xE2, 0x82], [0xF0, 0x9F, 0x90], [0xED, 0xA0, 0x80]] {
            for source in ["^.+$", "(a|[^b])+$", "^é", "(?<=.)$", "^(?!x)\\S"] {
                let pattern = try PatternWays.pattern(source)
                let verdict = bytes.withUnsafeBytes { pattern.match($0) }
                #expect(verdict != .exhausted)
            }
        }
    }

    @Test("states that an automaton has no room for are followed")
    func withoutAutomaton() throws {
        let source = "a[ab]{25}c"
        #expect(PatternAutomaton(try PatternWays.program(source)) == nil)
        let pattern = try PatternWays.pattern(source)
        let text = String(repeating: "ab", count: 200)
        #expect(pattern.match(text) == .differs)
        #expect(pattern.match(text + "c") == .matches)
        #expect(pattern.byteCount > 0)
    }
}
