import Glibc
import Synchronization
import TestServers
import Testing

@testable import HTTPClient

@Suite("HTTP client: what goes wrong", .timeLimit(.minutes(2)))
struct HTTPErrorTests {
    private static let secret = "s3cr3t"

    private func failure(
        _ reply: StubHTTPReply, path: String = "/", _ change: (inout HTTPRequest) -> Void = { _ in }
    ) throws -> HTTPError? {
        let server = try StubHTTPServer { _ in reply }
        var request = HTTPRequest(
            .get, "\(server.url)\(path)?key=\(Self.secret)", headers: ["Authorization": "Bearer \(Self.secret)"])
        request.limits.total = .seconds(20)
        change(&request)
        let error = #expect(throws: HTTPError.self) { _ = try HTTPClientTests.client().send(request) }
        if let error {
            #expect(!error.message.contains(Self.secret))
            #expect(!error.message.contains("\n"))
            #expect(error.message.contains("127.0.0.1"))
        }
        return error
    }

    @Test(
        "An answer that is none is told by kind",
        arguments: [
            (StubHTTPReply.close, HTTPError.Code.connectionLost), (.raw([]), .connectionLost),
            (.raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".utf8)), .connectionLost),
            (.raw(Array("SSH-2.0-OpenSSH_9\r\n\r\n".utf8)), .badAnswer),
            (.raw(Array("HTTP/9.9 banana\r\n\r\n".utf8)), .badAnswer),
        ] as [(StubHTTPReply, HTTPError.Code)])
    func broken(reply: StubHTTPReply, code: HTTPError.Code) throws {
        #expect(try failure(reply)?.code == code)
    }

    @Test("Silence ends at the total limit, and a trickle at the stall limit or the total one")
    func timeouts() throws {
        #expect(try failure(.silence) { $0.limits.total = .milliseconds(200) }?.code == .timedOut)
        #expect(try failure(.silence) { $0.limits.stall = .seconds(1) }?.code == .timedOut)
        let drip = StubHTTPReply.drip(Array(repeating: 65, count: 1000), pauseMilliseconds: 10)
        #expect(try failure(drip) { $0.limits.total = .milliseconds(300) }?.code == .timedOut)
    }

    @Test("A body beyond the limit is not read on, with and without a length, packed or not")
    func tooLarge() throws {
        let body = [UInt8](repeating: 65, count: 100_000)
        #expect(try failure(.answer(200, body: body)) { $0.limits.responseBytes = 99_999 }?.code == .tooLarge)
        let open = StubHTTPReply.raw(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body)
        #expect(try failure(open) { $0.limits.responseBytes = 99_999 }?.code == .tooLarge)
        // 20 MB of zeros in 20 KB.
        let zeros = [UInt8](repeating: 0, count: 20 << 20)
        let bomb = try #require(try zeros.withUnsafeBytes { try HTTPCompression.gzip.compress($0) })
        let packed = StubHTTPReply.answer(200, headers: ["Content-Encoding": "gzip"], body: bomb)
        let error = try failure(packed) {
            $0.acceptsCompression = true
            $0.limits.responseBytes = 1 << 20
        }
        #expect(error?.code == .tooLarge)
        let header = StubHTTPReply.answer(200, headers: ["X-Long": String(repeating: "x", count: 70_000)])
        #expect(try failure(header)?.code == .tooLarge)
        let server = try StubHTTPServer { _ in .answer(200, body: body) }
        var request = HTTPRequest(.get, server.url)
        request.limits.responseBytes = 100_000
        #expect(try HTTPClientTests.client().send(request).body == body)
    }

    @Test("Nobody listening, an unknown host and an unknown proxy are told apart")
    func unreachable() throws {
        let port = try freePort()
        func code(_ url: String, _ client: HTTPClient = HTTPClientTests.client()) -> HTTPError.Code? {
            #expect(throws: HTTPError.self) { _ = try client.send(HTTPRequest(.get, url)) }?.code
        }
        #expect(code("http://127.0.0.1:\(port)/") == .unreachable)
        #expect(code("http://nobody.invalid/") == .unresolved)
        let proxied = HTTPClientTests.client { $0.proxy = .url("http://127.0.0.1:\(port)") }
        #expect(code("http://nobody.invalid/", proxied) == .unreachable)
    }

    @Test(
        "A request that cannot be sent is refused before it is",
        arguments: [
            ("file:///etc/passwd", "a", "b"), ("ftp://127.0.0.1/", "a", "b"), ("127.0.0.1/x", "a", "b"), ("", "a", "b"),
            ("http://user:pass@127.0.0.1/", "a", "b"), ("http://127.0.0.1/\r\nX: y", "a", "b"),
            ("http://127.0.0.1/ x", "a", "b"), ("http://127.0.0.1/", "a\r\nX", "b"),
            ("http://127.0.0.1/", "a", "b\nX: y"),
            ("http://127.0.0.1/", "", "b"), ("http://127.0.0.1/", "a:", "b"), ("http://127.0.0.1/", "a", "b\0c"),
        ])
    func refused(url: String, name: String, value: String) {
        var headers: HTTPHeaders = [:]
        headers.append(name, value)
        let error = #expect(throws: HTTPError.self) {
            _ = try HTTPClientTests.client().send(HTTPRequest(.get, url, headers: headers))
        }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("pass") == false)
    }

    @Test("Redirects are answers, unless asked for; then they are followed within the origin only")
    func redirects() throws {
        let other = try StubHTTPServer { _ in .text(200, "other") }
        let server = try StubHTTPServer { request in
            switch request.path {
            case "/one": .answer(302, headers: ["Location": "/two"])
            case "/two": .text(200, "two")
            case "/loop": .answer(307, headers: ["Location": "/loop"])
            case "/file": .answer(301, headers: ["Location": "file:///etc/passwd"])
            default: .answer(301, headers: ["Location": other.url])
            }
        }
        let client = HTTPClientTests.client()
        #expect(try client.send(HTTPRequest(.get, "\(server.url)/one")).status == 302)
        func follow(_ path: String) throws(HTTPError) -> HTTPResponse {
            var request = HTTPRequest(.get, server.url + path, headers: ["apikey": Self.secret])
            request.redirects = 3
            return try client.send(request)
        }
        #expect(try follow("/one").body == Array("two".utf8))
        for path in ["/loop", "/file", "/other"] {
            let error = #expect(throws: HTTPError.self) { _ = try follow(path) }
            #expect(error?.code == .redirected, "\(path)")
        }
        #expect(other.requests.isEmpty)
    }

    @Test("A cancellation ends what runs and what comes later, and nothing else")
    func cancellation() async throws {
        let asked = AsyncStream<Void>.makeStream()
        let server = try StubHTTPServer { request in
            if request.path == "/fine" { return .text(200, "fine") }
            asked.continuation.yield()
            return .silence
        }
        let client = HTTPClientTests.client()
        let cancellation = HTTPCancellation()
        let outcome = Task.detached {
            Result { () throws(HTTPError) in
                try client.send(HTTPRequest(.get, "\(server.url)/never"), cancellation: cancellation)
            }
        }
        for await _ in asked.stream { break }
        cancellation.cancel()
        await #expect(throws: HTTPError.self) { try await outcome.value.get() }
        let later = #expect(throws: HTTPError.self) {
            try client.send(HTTPRequest(.get, "\(server.url)/fine"), cancellation: cancellation)
        }
        #expect(later?.code == .cancelled)
        #expect(try client.send(HTTPRequest(.get, "\(server.url)/fine")).status == 200)
        client.close()
        let closed = #expect(throws: HTTPError.self) { try client.send(HTTPRequest(.get, "\(server.url)/fine")) }
        #expect(closed?.code == .cancelled)
    }
}
