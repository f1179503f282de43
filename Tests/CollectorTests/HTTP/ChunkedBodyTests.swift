import CoreIngest
import Testing

@testable import Collector

@Suite("Chunked bodies")
struct ChunkedBodyTests {
    /// Fed in pieces of `step` bytes. Answers the body and what was left, nil where it is not whole.
    private func read(_ text: String, step: Int, most: Int = 1000) throws(RequestProblem) -> (String, Int)? {
        var body = ChunkedBody(mostBytes: most)
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count, !body.isDone {
            let end = min(at + step, bytes.count)
            var used = 0
            var problem: RequestProblem?
            bytes[at..<end].withUnsafeBytes { piece in
                do throws(RequestProblem) { used = try body.take(piece) } catch { problem = error }
            }
            if let problem { throw problem }
            at += used
            if used == 0 { break }
        }
        return body.isDone ? (String(decoding: body.body.bytes, as: UTF8.self), bytes.count - at) : nil
    }

    @Test("A body comes together, however it arrives", arguments: [1, 2, 3, 7, 1000])
    func whole(step: Int) throws {
        let text = "4\r\nWiki\r\n6;a=\"b\"\r\npedia \r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET"
        let read = try #require(try read(text, step: step))
        #expect(read.0 == "Wikipedia 0123456789")
        #expect(read.1 == 3)
        #expect(try self.read("0\r\n\r\n", step: step)?.0 == "")
        #expect(try self.read("4\r\nWiki\r\n0\r\n", step: step) == nil)
    }

    @Test(
        "Malformed and too large bodies are refused",
        arguments: [
            ("x\r\n", 400), ("\r\n", 400), ("4\nWiki", 400), ("4\r\nWikix", 400), ("123456789\r\n", 400),
            ("FFFFFFFF\r\n", 413), ("3E9\r\n", 413), ("0\r\n\n", 400), ("-1\r\n", 400), ("0x4\r\n", 400),
            ("4;\u{1}\r\n", 400),
        ])
    func refused(text: String, status: Int) {
        for step in [1, 1000] {
            #expect { try read(text, step: step) } throws: { ($0 as? RequestProblem)?.status == status }
        }
    }

    @Test("Extensions and trailers are bounded")
    func overhead() {
        let long = String(repeating: "x", count: 9000)
        #expect { try read("1;\(long)", step: 100) } throws: { ($0 as? RequestProblem)?.status == 431 }
        #expect { try read("0\r\nA: \(long)", step: 100) } throws: { ($0 as? RequestProblem)?.status == 431 }
    }
}
