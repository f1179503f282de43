import CoreIngest
import Testing

@testable import Collector

@Suite("Heads of requests")
struct RequestHeadParserTests {
    private func read(
        _ text: String, _ limits: RequestHeadParser.Limits = .init()
    ) throws(RequestProblem) -> (head: RequestHead, fields: [String])? {
        var parser = RequestHeadParser(limits: limits)
        let bytes = Array(text.utf8)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        let whole = UnsafeRawBufferPointer(rebasing: copy[..<bytes.count])
        var scanned = 0
        guard let end = try parser.end(of: whole, scanned: &scanned) else { return nil }
        let slice = UnsafeRawBufferPointer(rebasing: whole[..<end])
        let head = try parser.read(slice)
        let fields = parser.fields(in: slice)
        return (
            head,
            (0..<fields.count).map { index in
                let field = fields[index]
                return "\(String(decoding: field.name, as: UTF8.self))=\(String(decoding: field.value, as: UTF8.self))"
            }
        )
    }

    @Test("A head is read with its fields")
    func whole() throws {
        let text =
            "POST /a/b?c=d&e HTTP/1.1\r\nHost: x\r\nContent-Length:  12 \r\nX-Empty:\r\nCookie: a=\t\"b\" \t\r\n\r\nbody"
        let read = try #require(try read(text))
        #expect(read.head.method == .post)
        #expect(read.head.byteCount == text.utf8.count - 4)
        #expect(read.head.body == .length(12))
        #expect(read.head.keepsAlive)
        #expect(read.fields == ["Host=x", "Content-Length=12", "X-Empty=", "Cookie=a=\t\"b\""])
        #expect(
            text.utf8.dropFirst(Int(read.head.path.offset)).prefix(Int(read.head.path.count)).elementsEqual("/a/b".utf8)
        )
        #expect(
            text.utf8.dropFirst(Int(read.head.query.offset)).prefix(Int(read.head.query.count)).elementsEqual(
                "c=d&e".utf8))
    }

    @Test(
        "Connection and body follow the fields",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, RequestHead.Body.length(0)),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", false, .length(0)),
            ("GET / HTTP/1.0\r\n\r\n", false, .length(0)),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, .length(0)),
            ("POST / HTTP/1.1\r\nhOsT: x\r\nTransfer-Encoding: Chunked\r\n\r\n", true, .chunked),
        ])
    func connection(text: String, keepsAlive: Bool, body: RequestHead.Body) throws {
        let head = try #require(try read(text)).head
        #expect(head.keepsAlive == keepsAlive)
        #expect(head.body == body)
    }

    @Test(
        "What servers read in different ways is refused",
        arguments: [
            ("GET / HTTP/1.1\nHost: x\n\n", 400), ("GET / HTTP/1.1\r\nHost: x\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\r\nA: \u{1}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\n\rA: b\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1a\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400), ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /\r\n\r\n", 400), (" / HTTP/1.1\r\n\r\n", 400),
            ("\u{16}\u{3}\u{1}\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n", 417),
        ])
    func refused(text: String, status: Int) {
        #expect { try read(text) } throws: { ($0 as? RequestProblem)?.status == status }
    }

    @Test("Absolute targets lose their origin; a star is for OPTIONS")
    func targets() throws {
        func path(_ target: String, _ method: String = "GET") throws -> String {
            let text = "\(method) \(target) HTTP/1.1\r\nHost: x\r\n\r\n"
            let head = try #require(try read(text)).head
            return String(
                decoding: text.utf8.dropFirst(Int(head.path.offset)).prefix(Int(head.path.count)), as: UTF8.self)
        }
        #expect(try path("http://host:80/a/b?c") == "/a/b")
        #expect(try path("https://host") == "")
        #expect(try path("https://host?x=/y") == "")
        #expect(try path("*", "OPTIONS") == "")
        #expect(throws: RequestProblem.self) { try path("*") }
        #expect(throws: RequestProblem.self) { try path("ftp://host/") }
    }

    @Test("Too many or too long fields are refused, whether the head is whole or not")
    func limits() {
        let fields = (0..<5).map { "A\($0): b\r\n" }.joined()
        var limits = RequestHeadParser.Limits()
        limits.fields = 5
        #expect { try read("GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n", limits) } throws: {
            ($0 as? RequestProblem)?.status == 431
        }
        limits.headBytes = 100
        let long = "GET / HTTP/1.1\r\nHost: \(String(repeating: "x", count: 100))"
        for end in ["", "\r\n\r\n"] {
            #expect { try read(long + end, limits) } throws: { ($0 as? RequestProblem)?.status == 431 }
        }
    }

    @Test("Every part of a head asks for more, and any bytes end in a head or a refusal")
    func anyBytes() throws {
        let text = Array("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n".utf8)
        for length in 0..<text.count {
            #expect(try read(String(decoding: text[..<length], as: UTF8.self)) == nil)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var copy = text
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                copy[Int.random(in: copy.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            var parser = RequestHeadParser()
            copy.withUnsafeBytes { bytes in
                var scanned = 0
                do throws(RequestProblem) {
                    guard let end = try parser.end(of: bytes, scanned: &scanned) else { return }
                    _ = try parser.read(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
                } catch {
                    #expect((400..<500).contains(error.status))
                }
            }
        }
    }
}
