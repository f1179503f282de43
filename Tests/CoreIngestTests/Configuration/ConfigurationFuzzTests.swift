import Testing

@testable import CoreIngest

/// Budgeted: some seconds on a slow machine. A failure prints the seed that shows it again.
@Suite("Anything at all as a configuration")
struct ConfigurationFuzzTests {
    /// A small generator that answers the same for the same seed (SplitMix64).
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let pieces = [
        "a: ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "\"", "'", "|\n", ">\n", "&a ", "*a", "!t ", "!!str ",
        "---\n", "...\n",
        "? ", "# ", "${A}", "${", "}", "$${", "%YAML 1.2\n", "%TAG ! x\n", "\t", "\r\n", "é", "\u{FEFF}", "\u{2028}",
        "<<: ", "~",
        "true", "1", "64MiB", "file: ", "\u{0}", "\\u0000", "\\xff", "name: ", "list: ", "port: ", "type: ", "one",
        "secret: ",
    ]

    @Test("ends with a tree or with an error that has one line for each problem", arguments: [1, 2, 3, 4] as [UInt64])
    func survives(seed: UInt64) {
        var random = Random(state: seed)
        let specification = ConfigurationCheckerTests.specification
        for round in 0..<5000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                if Int.random(in: 0..<12, using: &random) == 0 {
                    bytes.append(UInt8.random(in: 0...255, using: &random))
                } else {
                    bytes += Self.pieces.randomElement(using: &random).map { Array($0.utf8) } ?? []
                }
            }
            do throws(ConfigurationError) {
                let root = try ConfigurationReader.parse(bytes, file: "f")
                var checker = ConfigurationChecker { _ in "v" }
                let section = checker.check(root, against: specification)
                guard checker.problems.isEmpty else { throw ConfigurationError(checker.problems) }
                let view = ResolvedView.yaml(section)
                var second = ConfigurationChecker { _ in nil }
                let again = second.check(
                    try ConfigurationReader.parse(Array(view.utf8), file: "v"), against: specification)
                #expect(
                    second.problems.isEmpty && ResolvedView.yaml(again) == view, "seed \(seed), round \(round): \(view)"
                )
            } catch {
                #expect(!error.lines.isEmpty, "seed \(seed), round \(round)")
                #expect(
                    error.lines.allSatisfy { !$0.contains("\n") && !$0.isEmpty },
                    "seed \(seed), round \(round): \(error)")
            }
        }
    }

    @Test("any text comes back from the resolved view as it was", arguments: [5, 6] as [UInt64])
    func textsComeBack(seed: UInt64) throws {
        var random = Random(state: seed)
        let specification = SectionSpecification("", [KeySpecification("a", .text(.any), "", .optional)])
        for round in 0..<5000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                if Bool.random(using: &random) {
                    text += Self.pieces.randomElement(using: &random) ?? ""
                } else if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x1_0FFFF, using: &random)) {
                    text.unicodeScalars.append(scalar)
                }
            }
            var section = CheckedSection(
                position: SourcePosition(file: "f", line: 1, column: 1), specification: specification)
            section.values["a"] = CheckedValue(position: section.position, isDefault: false, content: .text(text))
            let view = ResolvedView.yaml(section)
            var checker = ConfigurationChecker { _ in nil }
            let root = try ConfigurationReader.parse(Array(view.utf8), file: "v")
            let again = checker.check(root, against: specification).text("a")
            #expect(
                again.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars),
                "seed \(seed), round \(round): \(view)")
        }
    }
}
