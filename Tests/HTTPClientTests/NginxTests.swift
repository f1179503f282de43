import TestServers
import Testing

@testable import HTTPClient

@Suite(
    "HTTP client against nginx", .timeLimit(.minutes(2)),
    .enabled(if: NginxServer.isInstalled, "nginx is not installed"))
struct NginxTests {
    @Test("TLS and HTTP/2 with a trusted authority work, and without trust nothing is sent")
    func tls() throws {
        let server = try NginxServer(
            locations: """
                location /protocol { return 200 "$server_protocol"; }
                """)
        let url = "https://127.0.0.1:\(server.tlsPort)/protocol"
        let trusting = HTTPClientTests.client { $0.authorities = server.certificate }
        let response = try trusting.send(HTTPRequest(.get, url))
        #expect(String(decoding: response.body, as: UTF8.self) == "HTTP/2.0")
        let old = HTTPClientTests.client {
            $0.authorities = server.certificate
            $0.version = .http1
        }
        #expect(try old.send(HTTPRequest(.get, url)).body.starts(with: "HTTP/1.1".utf8))
        let wary = #expect(throws: HTTPError.self) { try HTTPClientTests.client().send(HTTPRequest(.get, url)) }
        #expect(wary?.code == .tls)
        let missing = HTTPClientTests.client { $0.authorities = "/no/such/file.pem" }
        let error = #expect(throws: HTTPError.self) { try missing.send(HTTPRequest(.get, url)) }
        #expect(error?.code == .tls)
        let plain = #expect(throws: HTTPError.self) {
            try trusting.send(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/"))
        }
        #expect(plain?.code == .tls)
    }

    @Test("A large body is taken whole over HTTP/2, and a packed answer is unpacked")
    func large() throws {
        let server = try NginxServer(
            locations: """
                gzip on; gzip_types text/plain; gzip_min_length 100;
                location /up { proxy_pass http://127.0.0.1:9; }
                """)
        try writeText(String(repeating: "words ", count: 100_000), to: "\(server.folder.path)/www/words.txt")
        let client = HTTPClientTests.client { $0.authorities = server.certificate }
        var request = HTTPRequest(.get, "https://127.0.0.1:\(server.tlsPort)/words.txt")
        #expect(try client.send(request).headers["Content-Encoding"] == nil)
        request.acceptsCompression = true
        let packed = try client.send(request)
        #expect(packed.headers["Content-Encoding"] == "gzip")
        #expect(packed.body.count == 600_000)
        // Nobody behind the proxy: what counts is that 20 MB went up and its answer came down.
        let up = try client.send(
            HTTPRequest(.post, "https://127.0.0.1:\(server.tlsPort)/up"),
            body: [UInt8](repeating: 65, count: 20 << 20))
        #expect(up.status == 502)
    }

    @Test("A limit of requests is an answer with its status")
    func throttled() throws {
        let server = try NginxServer(
            locations: """
                location /busy { return 503; add_header Retry-After 3 always; }
                """)
        let response = try HTTPClientTests.client().send(HTTPRequest(.get, "http://127.0.0.1:\(server.port)/busy"))
        #expect(response.status == 503)
        #expect(response.retryAfterSeconds == 3)
    }
}
