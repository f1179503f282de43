import Synchronization
import TestServers
import Testing

@testable import HTTPClient

@Suite("HTTP client", .timeLimit(.minutes(2)))
struct HTTPClientTests {
    /// No proxy: the environment of a test may have one.
    static func client(_ change: (inout HTTPClient.Settings) -> Void = { _ in }) -> HTTPClient {
        var settings = HTTPClient.Settings()
        settings.proxy = .none
        change(&settings)
        return HTTPClient(settings)
    }

    @Test(
        "Method, path, headers and body arrive as they are",
        arguments: [
            (HTTPMethod.get, ""), (.post, "one"), (.post, ""), (.put, "two"), (.patch, "three"), (.delete, ""),
            (.delete, "four"), (.get, "a query by body"),
        ])
    func roundTrip(method: HTTPMethod, body: String) throws {
        let server = try StubHTTPServer { request in
            .text(299, "\(request.method) \(request.target) \(request.text)", ["X-Made": " by test \t", "x-empty": ""])
        }
        let request = HTTPRequest(
            method, "\(server.url)/a/../b?c=%20d", headers: ["X-One": "1", "X-Empty": "", "Content-Type": "text/x"])
        let response = try Self.client().send(request, body: Array(body.utf8))
        #expect(response.status == 299)
        #expect(String(decoding: response.body, as: UTF8.self) == "\(method.rawValue) /a/../b?c=%20d \(body)")
        #expect(response.headers["x-made"] == "by test")
        #expect(response.headers["X-EMPTY"] == "")
        let seen = try #require(server.requests.first)
        #expect(seen.headers["x-one"] == "1")
        #expect(seen.headers["x-empty"] == "")
        #expect(seen.headers["content-type"] == "text/x")
        #expect(seen.headers["user-agent"] == "buz-cdc")
        #expect(seen.headers["expect"] == nil)
        #expect(seen.headers["content-length"] == (body.isEmpty && method != .post ? nil : "\(body.utf8.count)"))
    }

    @Test("A body has no content type of libcurl's choice")
    func noContentType() throws {
        let server = try StubHTTPServer { _ in .text(200, "") }
        _ = try Self.client().send(HTTPRequest(.post, server.url), body: [1, 2])
        #expect(server.requests.first?.headers["content-type"] == nil)
        #expect(server.requests.first?.body == [1, 2])
    }

    @Test("HEAD has headers and no body, whatever the length it names")
    func head() throws {
        let server = try StubHTTPServer { _ in .answer(200, body: Array(repeating: 0, count: 99)) }
        var request = HTTPRequest(.head, server.url)
        request.limits.responseBytes = 10
        let response = try Self.client().send(request)
        #expect(response.body.isEmpty)
        #expect(response.headers["Content-Length"] == "99")
    }

    @Test("Connections are used again by the requests that follow, also after an error status")
    func keepAlive() throws {
        let server = try StubHTTPServer { .text($0.path == "/bad" ? 500 : 200, "x") }
        let client = Self.client()
        for path in ["/", "/bad", "/", "/"] { _ = try client.send(HTTPRequest(.get, server.url + path)) }
        #expect(server.requests.count == 4)
        #expect(server.connections == 1)
    }

    @Test("A connection that the server closed meanwhile is opened again")
    func staleConnection() throws {
        let port = try freePort()
        let client = Self.client()
        for round in 1...3 {
            let server = try StubHTTPServer(port: port) { _ in .text(200, "round") }
            #expect(try client.send(HTTPRequest(.post, server.url), body: [1]).status == 200, "round \(round)")
            server.stop()
        }
    }

    @Test("Compressed bodies are named as such and unpack to the same", arguments: [HTTPCompression.gzip, .zstd])
    func compressedBody(compression: HTTPCompression) throws {
        let server = try StubHTTPServer { .answer(200, headers: [:], body: $0.body) }
        let text = String(repeating: "a line of text\n", count: 10_000)
        var request = HTTPRequest(.post, server.url)
        request.compression = compression
        let packed = try Self.client().send(request, body: Array(text.utf8)).body
        #expect(server.requests.first?.headers["content-encoding"] == compression.rawValue)
        #expect(packed.count < text.utf8.count / 10)
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/packed.\(compression == .gzip ? "gz" : "zst")"
        try writeBytes(packed, to: file)
        let unpacked = try ChildProcess.run([compression.rawValue, "-d", "-c", file], folder: folder)
        #expect(unpacked == text)
    }

    @Test("Answers that come in pieces, by chunks or until the end of the connection, are whole")
    func framing() throws {
        let server = try StubHTTPServer { request in
            request.path == "/chunks"
                ? .raw(
                    Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".utf8))
                : .raw(Array("HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-B: 2\r\n\r\nabcde".utf8))
        }
        let client = Self.client()
        for path in ["/chunks", "/end"] {
            let response = try client.send(HTTPRequest(.get, server.url + path))
            #expect(String(decoding: response.body, as: UTF8.self) == "abcde")
            #expect(response.headers["X-A"] == nil)
        }
    }

    @Test("Many threads share a client, and each gets its own answers")
    func threads() async throws {
        let server = try StubHTTPServer { .text(200, $0.path) }
        let client = Self.client { $0.mostIdle = 2 }
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<25).allSatisfy { round in
                        let path = "/\(task)/\(round)"
                        let response = try? client.send(HTTPRequest(.get, server.url + path))
                        return response.map { String(decoding: $0.body, as: UTF8.self) } == path
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(server.requests.count == 200)
    }

    @Test(
        "Retry-After in seconds is read, a date is not",
        arguments: [("7", 7), ("-1", nil), ("Fri, 31 Dec 1999 23:59:59 GMT", nil)])
    func retryAfter(value: String, expected: Int?) {
        #expect(HTTPResponse(status: 503, headers: ["retry-after": value]).retryAfterSeconds == expected)
    }

    @Test("An excerpt of a body is one printable line")
    func excerpt() {
        let response = HTTPResponse(status: 500, body: Array("<b>\r\n\u{1B}[31m  no\tway </b>\n".utf8))
        #expect(response.excerpt() == "<b> [31m no way </b>")
        #expect(response.excerpt(3) == "<b>…")
    }
}
