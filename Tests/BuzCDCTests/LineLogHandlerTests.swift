import Glibc
import Logging
import Testing

@testable import BuzCDC

@Suite("Log lines")
struct LineLogHandlerTests {
    /// What a logger with this handler writes.
    private func written(_ style: LineLogHandler.Style, _ body: (Logger) -> Void) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let handler = LineLogHandler(label: "test", style: style, level: .info, descriptor: ends[1])
        body(Logger(label: "test") { _ in handler })
        close(ends[1])
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(ends[0], &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    @Test("Text lines hold time, level, message and sorted fields, quoted where needed")
    func text() throws {
        let line = try written(.text) {
            $0.info("delivered", metadata: ["sink": "lake", "cause": "a b", "empty": "", "quote": "say \"x\""])
        }
        #expect(line.hasSuffix("Z info    delivered cause=\"a b\" empty=\"\" quote=\"say \\\"x\\\"\" sink=lake\n"))
        #expect(
            line.count == 27 + 1 + 8 + "delivered cause=\"a b\" empty=\"\" quote=\"say \\\"x\\\"\" sink=lake\n".count)
    }

    @Test("Control characters cannot forge lines or colours", arguments: [LineLogHandler.Style.text, .json])
    func control(style: LineLogHandler.Style) throws {
        let line = try written(style) { $0.warning("a\nb\u{1B}[31m", metadata: ["k": "c\nd\u{7}"]) }
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test("Events below the level are not written")
    func level() throws {
        let line = try written(.text) { $0.debug("quiet") }
        #expect(line == "")
    }

    @Test("JSON lines are objects with the fields as members")
    func json() throws {
        let line = try written(.json) { $0.error("broken", metadata: ["sink": "lake"]) }
        #expect(line.hasPrefix("{\"time\":\"20"))
        #expect(line.hasSuffix("\"level\":\"error\",\"message\":\"broken\",\"logger\":\"test\",\"sink\":\"lake\"}\n"))
    }
}
