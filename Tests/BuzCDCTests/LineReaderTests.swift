import TestServers
import Testing

@testable import BuzCDC

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct LineReaderTests {
    /// The lines of a text; `!` for one that is too long.
    private func read(_ text: String, mostBytes: Int = 100, bufferBytes: Int) throws -> [String] {
        let folder = try TemporaryFolder("lines")
        try writeText(text, to: folder.path + "/text")
        let descriptor = open(folder.path + "/text", O_RDONLY)
        defer { close(descriptor) }
        var reader = LineReader(descriptor, mostBytes: mostBytes, bufferBytes: bufferBytes)
        var lines: [String] = []
        while let line = try reader.next() {
            switch line {
            case .text(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
            case .tooLong: lines.append("!")
            }
        }
        return lines
    }

    @Test("lines come whole whatever the size of the buffer", arguments: [1, 2, 3, 7, 64])
    func whole(bufferBytes: Int) throws {
        #expect(try read("", bufferBytes: bufferBytes) == [])
        #expect(try read("\n", bufferBytes: bufferBytes) == [""])
        #expect(try read("a\nbc\r\n\n\rdef", bufferBytes: bufferBytes) == ["a", "bc", "", "\rdef"])
        let long = String(repeating: "x", count: 90)
        #expect(try read("\(long)\n\(long)\ny", bufferBytes: bufferBytes) == [long, long, "y"])
    }

    @Test("a line over the bound is skipped, and the next one is read", arguments: [1, 4, 200])
    func bounded(bufferBytes: Int) throws {
        let long = String(repeating: "x", count: 25)
        #expect(
            try read("a\n\(long)\nb\n\(long)", mostBytes: 10, bufferBytes: bufferBytes) == ["a", "!", "b", "!"])
        #expect(try read("1234567890\n12345678901\n", mostBytes: 10, bufferBytes: bufferBytes) == ["1234567890", "!"])
    }

    @Test("a folder cannot be read")
    func folder() throws {
        let folder = try TemporaryFolder("lines")
        let descriptor = open(folder.path, O_RDONLY)
        defer { close(descriptor) }
        #expect(throws: LineReader.Errno.self) {
            var reader = LineReader(descriptor, mostBytes: 10)
            _ = try reader.next()
        }
    }
}
