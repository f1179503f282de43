@testable import CoreIngest

/// Anything as a configuration: errors of one line each, or a tree whose resolved view, read again, is the same view.
enum ConfigurationTarget {
    private enum Color: String, CaseIterable, Sendable { case red, green }

    private enum Keys {
        static let name = Key<String>.text("name", "A name.", .required, rule: .identifier, example: "shop")
        static let note = Key<String?>.optionalText("note", "Any text.", rule: .any, example: "n")
        static let port = Key<Int>.integer("port", "A port.", .defaulted("80"), in: 1...65535)
        static let flag = Key<Bool>.boolean("flag", "A flag.", .defaulted("true"))
        static let wait = Key<Duration>.duration("wait", "A wait.", .defaulted("5s"), in: .seconds(1)...(.seconds(60)))
        static let size = Key<Int>.byteSize("size", "A size.", .defaulted("1MiB"), in: 1024...(1 << 30))
        static let color = Key<Color>.choice("color", "A colour.", .defaulted("red"))
        static let list = Key<[String]>.texts("list", "A list.", .defaulted(["x"]), minimum: 1)
        static let inner = Key<CheckedSection>.section("inner", SectionSpecification("Inside.", [port.specification]))
        static let things = Key<[CheckedSection]>.sections("things", "Things.", of: .variants(variants))
        static let variants = VariantsSpecification(
            noun: "thing", doc: "A thing.", common: [name.specification],
            variants: [
                .init(type: "one", doc: "One.", keys: [port.specification]), .init(type: "two", doc: "Two.", keys: []),
            ])
    }

    /// Without secrets, whose files would be read from this machine.
    private static let specification = SectionSpecification(
        "Root.",
        [
            Keys.name.specification, Keys.note.specification, Keys.port.specification, Keys.flag.specification,
            Keys.wait.specification, Keys.size.specification, Keys.color.specification, Keys.list.specification,
            Keys.inner.specification, Keys.things.specification, .unavailable("later", "later comes later"),
        ])

    static func run(_ input: UnsafeRawBufferPointer) {
        do throws(ConfigurationError) {
            let view = try resolved(Array(input))
            let again: String
            do throws(ConfigurationError) {
                again = try resolved(Array(view.utf8))
            } catch {
                promise(false, "the resolved view is refused: \(error)\n\(view)")
                return
            }
            promise(again == view, "another view the second time:\n\(view)\n\(again)")
        } catch {
            promise(!error.lines.isEmpty, "an error without a line")
            promise(
                error.lines.allSatisfy { !$0.isEmpty && !$0.utf8.contains(0x0A) },
                "a problem of several lines: \(error)")
        }
    }

    private static func resolved(_ bytes: [UInt8]) throws(ConfigurationError) -> String {
        let root = try ConfigurationReader.parse(bytes, file: "f")
        var checker = ConfigurationChecker { $0 == "EMPTY" ? "" : $0 == "A" ? "v" : nil }
        let section = checker.check(root, against: specification)
        guard checker.problems.isEmpty else { throw ConfigurationError(checker.problems) }
        return ResolvedView.yaml(section)
    }
}
