#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import CoreIngest

/// `Tests/Golden/patterns.jsonl`: patterns and texts made by chance, with the answers of another engine of ECMA-262; written by
/// `scripts/patterns/cases.mjs`.
@Suite struct PatternRecordedTests {
    @Test("what another engine answered is what every way answers")
    func recorded() throws {
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("/\(package)/Golden/patterns.jsonl", "r"))
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        var cases = 0
        var exhausted = 0
        while getline(&line, &room, file) > 0, let text = line {
            let document = try JSONDocument(String(cString: text))
            defer { withExtendedLifetime(document) {} }
            let view = document.view
            let parts = Array(view.elements(0))
            let pattern = try #require(parts.first.flatMap { view.string($0) })
            let searched = try #require(view.string(parts[1]))
            let expected: PatternVerdict = view.boolean(parts[2]) == true ? .matches : .differs
            for answer in try PatternWays.answers(pattern, searched) {
                if answer.verdict == .exhausted {
                    exhausted += 1
                } else {
                    #expect(answer.verdict == expected, "/\(pattern)/ on '\(searched)': \(answer.way)")
                }
            }
            cases += 1
        }
        #expect(cases == 1500)
        #expect(exhausted < 10, "too many searches without an answer")
    }
}
