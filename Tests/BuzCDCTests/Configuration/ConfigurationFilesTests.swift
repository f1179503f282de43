import CoreIngest
import Glibc
import Testing

@testable import BuzCDC

/// The committed files are what the program generates. After a change: `RECORD=1 swift test --filter ConfigurationFiles`.
@Suite("Committed configuration files")
struct ConfigurationFilesTests {
    private static let root: String = {
        // Tests/BuzCDCTests/Configuration/THIS: four steps up.
        var path = #filePath[...]
        for _ in 0..<4 { path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
        return String(path)
    }()

    private func read(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen("\(Self.root)/\(path)", "r"), "\(path) is missing: record it with RECORD=1")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    private func write(_ text: String, _ path: String) throws {
        let file = try #require(fopen("\(Self.root)/\(path)", "w"))
        fputs(text, file)
        fclose(file)
    }

    private static let introduction = """
        # Configuration

        One YAML file, given to every command with `--config FILE`. `buz-cdc config example` prints one with every key,
        `buz-cdc config schema` its JSON Schema for editors, `buz-cdc config resolved --config FILE` what is in force with
        defaults filled in and secrets masked. A mistake is told as `file:line:column`, all mistakes at once, and ends the
        program with status 2; so does an unknown key.

        - Values may hold `${VARIABLE}`, which must be set, and `${VARIABLE:-default}`, whose default also stands for an empty
          one; `$${` is a literal `${`. Within `{…}` and `[…]` YAML wants such values in quotes.
        - A value that is secret, or may hold a secret, can be `{file: PATH}`: the file's text without its last newline.
        - Durations are a whole number and a unit: `100us`, `100ms`, `5s`, `2m`, `1h`, `1d`. Sizes are bytes, or have a unit:
          `64MiB`, `10MB`, `1GiB`.
        - A key without a value is as if it were not written. Relative paths start at the working folder.
        - Anchors, aliases and tags of YAML are not supported; a text that begins with `&`, `*` or `!` must be in quotes.

        <!-- The tables are generated: RECORD=1 swift test --filter ConfigurationFiles -->

        """

    @Test(
        "are what the program generates",
        arguments: ["config/buz-cdc.schema.json", "config/example.yaml", "docs/configuration.md"])
    func generated(path: String) throws {
        let expected =
            switch path {
            case "config/buz-cdc.schema.json": ConfigurationTexts.schema
            case "config/example.yaml": ConfigurationTexts.example
            default: Self.introduction + ConfigurationTexts.reference
            }
        if getenv("RECORD") != nil { try write(expected, path) }
        #expect(String(decoding: try read(path), as: UTF8.self) == expected, "record it with RECORD=1")
    }

    @Test("can be loaded without any environment", arguments: ["config/example.yaml", "config/minimal.yaml"])
    func loads(path: String) throws {
        let loaded = try ConfigurationLoader(environment: { _ in nil }).load(bytes: try read(path), file: path)
        let view = ResolvedView.yaml(loaded.section)
        let again = try ConfigurationLoader(environment: { _ in nil }).load(bytes: Array(view.utf8), file: "resolved")
        #expect(ResolvedView.yaml(again.section) == view)
    }

    @Test("name their schema to editors in the first line", arguments: ["config/example.yaml", "config/minimal.yaml"])
    func firstLine(path: String) throws {
        let text = String(decoding: try read(path), as: UTF8.self)
        #expect(text.hasPrefix("# yaml-language-server: $schema=./buz-cdc.schema.json\n"))
    }
}
