import CoreIngest
import Testing

@testable import Collector

@Suite("Webhooks")
struct WebhookTests {
    private func post(
        _ path: String, _ body: String, type: String? = "application/json", _ settings: WebhookSettings = .init()
    ) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(.post, path, headers: type.map { ["Content-Type": $0] } ?? [:], body: body)
            .answer(of: WebhookHandler(settings))
    }

    private static let arbitrary = "iglu:io.silverton/buz.hook.arbitrary/jsonschema/1-0-0"

    @Test(
        "The path names the schema, in each way it can be written",
        arguments: [
            ("/webhook", arbitrary), ("/webhook/", arbitrary),
            ("/webhook/com.github/hook/v1.0", "iglu:com.github/hook/jsonschema/1-0-0"),
            ("/webhook/com.github/hook/v1.0.json", "iglu:com.github/hook/jsonschema/1-0-0"),
            ("/webhook/com.github/hook/repository/v2.3.json", "iglu:com.github/hook.repository/jsonschema/2-3-0"),
            ("/webhook/iglu:com.acme/a/jsonschema/1-0-2", "iglu:com.acme/a/jsonschema/1-0-2"),
            ("/webhook/com.acme/a/jsonschema/1-0-2", "iglu:com.acme/a/jsonschema/1-0-2"),
        ])
    func names(path: String, schema: String) {
        let (answer, events) = post(path, #"{"a": 1}"#)
        #expect(answer == .ok)
        #expect(events.map(\.schema) == [schema])
        #expect(events.map(\.payload) == [#"{"a": 1}"#])
    }

    @Test(
        "A path that is no name is refused",
        arguments: [
            "/webhook/../etc/passwd/v1.0", "/webhook/a", "/webhook/http://evil/v1.0", "/webhook/a/b/c",
            "/webhook/a//v1.0",
            "/webhook/a/b/v1.0/", "/webhook/a/b\u{0}/v1.0",
        ])
    func malformed(path: String) {
        let (answer, events) = post(path, "{}")
        #expect(answer.status == 400 && events.isEmpty)
    }

    @Test(
        "JSON, forms and text are taken, and each element of an array is an event",
        arguments: [
            ("application/json", #"[{"a":1},7]"#, [#"{"a":1}"#, "7"]),
            ("application/vnd.x+json; charset=utf-8", "true", ["true"]),
            (nil, #"{"a":1}"#, [#"{"a":1}"#]), ("application/json", "[]", []),
            ("application/x-www-form-urlencoded", "a=1&b=%C3%A9+x&a=2", [#"{"a":["1","2"],"b":"é x"}"#]),
            ("application/x-www-form-urlencoded", "payload=%7B%22a%22%3A1%7D", [#"{"a":1}"#]),
            ("application/x-www-form-urlencoded", "payload=x", [#"{"payload":"x"}"#]),
            ("text/plain", "a\"b", [#"{"text":"a\"b"}"#]),
        ])
    func bodies(type: String?, body: String, payloads: [String]) {
        let (answer, events) = post("/webhook", body, type: type)
        #expect(answer == .ok)
        #expect(events.map(\.payload) == payloads)
    }

    @Test(
        "Other bodies are refused with what is wrong",
        arguments: [
            ("application/json", "", 400), ("application/json", "{", 400), ("application/xml", "<a/>", 415),
            ("multipart/form-data; boundary=x", "x", 415),
        ])
    func refused(type: String, body: String, status: Int) {
        let (answer, events) = post("/webhook", body, type: type)
        #expect(answer.status == status && events.isEmpty)
    }
}
