import CoreIngest
import Testing

@testable import Collector

@Suite("Middleware")
struct MiddlewareTests {
    @Test(
        "Origins are compared exactly, or as real subdomains",
        arguments: [
            ("https://shop.example", true), ("https://SHOP.example", true), ("http://shop.example", false),
            ("https://shop.example:8443", false), ("https://a.example.com", true), ("https://a.b.example.com", true),
            ("https://example.com", false), ("https://evilexample.com", false), ("https://.example.com", false),
            ("https://evil.com/.example.com", false), ("https://evil.com#.example.com", false),
            ("https://evil.com?.example.com", false), ("https://a@b.example.com", false),
            ("https://evil.com:1.example.com", false), ("null", false), ("", false),
        ])
    func origins(origin: String, isAllowed: Bool) {
        var settings = CrossOriginSettings()
        settings.origins = ["https://shop.example", "https://*.example.com"]
        let cors = CrossOrigin(settings)
        let answer = SampleRequest(
            .options, "/", headers: ["Origin": origin, "Access-Control-Request-Method": "POST"]
        ).use { cors.preflight($0.method, $0.headers) }
        #expect(answer?.status == 204)
        let allowed = answer?.headers.first { $0.name == "Access-Control-Allow-Origin" }?.value
        #expect(allowed == (isAllowed ? origin : nil))
        #expect(answer?.headers.contains { $0.value.contains("SP-Anonymous") } == isAllowed)
    }

    @Test("A star echoes the origin, so that credentials may come along")
    func star() {
        let cors = CrossOrigin(CrossOriginSettings())
        let headers = SampleRequest(.post, "/", headers: ["origin": "https://any.example"]).use {
            cors.permission($0.headers)
        }
        #expect(
            headers == [
                .init("Vary", "Origin"), .init("Access-Control-Allow-Origin", "https://any.example"),
                .init("Access-Control-Allow-Credentials", "true"),
            ])
    }

    @Test(
        "Tokens and users are asked for",
        arguments: [
            ("Bearer abc", "", true), ("bearer  abc", "", true), ("Bearer abd", "", false), ("Bearer ab", "", false),
            ("Bearer", "", false), ("Basic dXNlcjpwYXNz", "", true), ("basic dXNlcjpwYXNz", "", true),
            ("Basic dXNlcjpwYXNy", "", false), ("Basic ????", "", false), ("Basic d3JpdGVrZXk6", "", true),
            ("", "access_token=abc", true), ("", "a=b&access_token=abd", false), ("", "", false),
            ("Bearer xyz", "access_token=abc", false),
        ])
    func authentication(header: String, query: String, isAccepted: Bool) {
        var settings = AuthenticationSettings()
        settings.tokens = ["", "abc"]
        settings.users = ["user:pass", "writekey:"]
        let authentication = Authentication(settings)
        var request = SampleRequest(.post, "/", query: query)
        if !header.isEmpty { request.headers = [("Authorization", Array(header.utf8))] }
        #expect(request.use { authentication.accepts($0.headers, query: $0.query) } == isAccepted)
    }

    @Test("A client gets its requests of a period, and then waits")
    func rate() {
        var settings = RateLimitSettings()
        settings.requests = 2
        settings.period = .seconds(10)
        settings.clients = 3
        let limiter = RateLimiter(settings)
        func ask(_ client: String, _ seconds: Int64) -> Int? {
            Array(client.utf8).withUnsafeBytes { limiter.refuses($0, now: seconds * 1_000_000) }
        }
        #expect(ask("a", 0) == nil)
        #expect(ask("a", 0) == nil)
        #expect(ask("a", 0) == 5)
        #expect(ask("b", 0) == nil)
        #expect(ask("a", 4) == 1)
        #expect(ask("a", 5) == nil)
        for index in 0..<100 { _ = ask("\(index)", 6) }
        #expect(limiter.count <= 3)
    }

    @Test("The identity cookie is read strictly, and set with its attributes")
    func identity() {
        var settings = IdentitySettings()
        settings.domain = "example.com"
        settings.sameSite = .none
        settings.isSecure = false
        let cookie = IdentityCookie(settings)
        #expect(
            cookie.header("x").value
                == "nuid=x; Path=/; Max-Age=31536000; SameSite=None; HttpOnly; Secure; Domain=example.com")
        func value(_ header: String) -> String? {
            SampleRequest(.get, "/", headers: ["Cookie": header]).use { request in
                cookie.value(request.headers).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(value("a=b; nuid=123-4; c=d") == "123-4")
        #expect(value("xnuid=1") == nil)
        #expect(value("nuid=\"1\"") == nil)
        #expect(value("nuid=\(String(repeating: "1", count: 200))") == nil)
    }

    @Test("Only allowed headers get into events, and never credentials")
    func requestContext() {
        var settings = RequestContextSettings()
        settings.headers = ["User-Agent", "Authorization", "cookie", "x-api-key", "X-Trace"]
        settings.includesClient = true
        let context = RequestContext(settings)
        var request = SampleRequest(
            .post, "/",
            headers: [
                "user-agent": "A\"1", "Authorization": "secret", "Cookie": "secret", "X-Api-Key": "secret",
                "X-Other": "x", "x-trace": "t",
            ])
        request.identity = "id"
        var events = CollectedEvents()
        events.beginRequest(at: 0)
        request.use { context.add($0, to: &events) }
        events.begin(.webhook)
        try? events.commit()
        let texts = events.all.flatMap { ReadEvent($0).contexts }
        #expect(
            texts == [
                #"iglu:io.silverton.buz/request/jsonschema/1-0-0 {"client":"192.0.2.1","identity":"id","headers":{"user-agent":"A\"1","x-trace":"t"}}"#
            ])
        #expect(events.all.map { Array($0.contexts).map(\.isOwn) } == [[true]])
    }

    @Test("Dates are written as HTTP asks")
    func dates() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}
