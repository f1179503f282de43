import Glibc
import Testing

@testable import Sinks

/// The type tables in the pages are what the code does. After a change: `RECORD=1 swift test --filter TypePages`.
@Suite("Type tables in the pages: TypePages")
struct TypePagesTests {
    private static let root: String = {
        // Tests/SinksTests/Tables/THIS: four steps up.
        var path = #filePath[...]
        for _ in 0..<4 { path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
        return String(path)
    }()

    @Test("are those of the code", arguments: TypePage.all)
    func generated(page: TypePage) throws {
        let path = "\(Self.root)/\(page.path)"
        let text = try read(path)
        let begin = try #require(text.firstRange(of: "\(TypePage.begin)\n"), "\(page.path) has no '\(TypePage.begin)'")
        let end = try #require(text.firstRange(of: TypePage.end), "\(page.path) has no '\(TypePage.end)'")
        try #require(begin.upperBound <= end.lowerBound)
        if getenv("RECORD") != nil {
            let file = try #require(fopen(path, "w"))
            fputs(text[..<begin.upperBound] + page.table + text[end.lowerBound...], file)
            fclose(file)
        } else {
            #expect(text[begin.upperBound..<end.lowerBound] == page.table, "record it with RECORD=1")
        }
    }

    private func read(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "\(path) is missing")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
