import CoreIngest
import Testing

@testable import Collector

@Suite("Signatures of webhooks")
struct WebhookSignatureTests {
    /// Of RFC 4231, test cases 1 and 2: what the codes below rest upon.
    @Test("Codes are those of the standard")
    func codes() {
        func hex(_ bytes: [UInt8]?) -> String {
            (bytes ?? []).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(
            hex(AuthenticationCode.sha256(of: Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            hex(AuthenticationCode.sha256(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    private static let body = #"{"a":1}"#
    private static let now: Int64 = 1_795_216_741

    private static func digest(_ text: String, _ secret: String = "s3cret") -> [UInt8] {
        AuthenticationCode.sha256(of: Array(text.utf8), key: Array(secret.utf8)) ?? []
    }

    private static func hex(_ text: String, _ secret: String = "s3cret") -> String {
        digest(text, secret).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func base64(_ text: String) -> String {
        var arena = ByteArena()
        digest(text).withUnsafeBytes { arena.append(base64: $0) }
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    private func post(
        _ scheme: WebhookScheme, _ headers: KeyValuePairs<String, String>, path: String = "/webhook/com.acme/hook/v1.0",
        secrets: [String] = ["old", "s3cret"]
    ) -> (CollectedAnswer, [ReadEvent]) {
        var settings = WebhookSettings()
        settings.signatures = [.init(schema: SchemaName("com.acme/hook/v1.0"), scheme: scheme, secrets: secrets)]
        return SampleRequest(.post, path, headers: headers, body: Self.body).answer(of: WebhookHandler(settings))
    }

    private static let signed: [(WebhookScheme, KeyValuePairs<String, String>)] = [
        (.github, ["X-Hub-Signature-256": "sha256=\(hex(body))"]),
        (.stripe, ["Stripe-Signature": "t=\(now),v1=00,v1=\(hex("\(now).\(body)")),v0=x"]),
        (.stripe, ["Stripe-Signature": "t=\(now - 300),v1=\(hex("\(now - 300).\(body)"))"]),
        (.shopify, ["X-Shopify-Hmac-Sha256": base64(body)]),
        (.slack, ["X-Slack-Request-Timestamp": "\(now)", "X-Slack-Signature": "v0=\(hex("v0:\(now):\(body)"))"]),
    ]

    @Test("A request that is signed with one of the secrets is taken", arguments: signed.indices)
    func taken(index: Int) {
        let (scheme, headers) = Self.signed[index]
        let (answer, events) = post(scheme, headers)
        #expect(answer == .ok)
        #expect(events.count == 1)
    }

    private static let wrong: [(WebhookScheme, KeyValuePairs<String, String>, String)] = [
        (.github, [:], "the header X-Hub-Signature-256 is missing"),
        (.github, ["X-Hub-Signature-256": "sha256=\(hex(body, "other"))"], "the signature is not one of the body"),
        (.github, ["X-Hub-Signature-256": "sha256=\(hex(body).dropLast())"], "X-Hub-Signature-256 is no sha256=HEX"),
        (.github, ["X-Hub-Signature-256": hex(body)], "X-Hub-Signature-256 is no sha256=HEX"),
        (.github, ["X-Hub-Signature": "sha1=\(hex(body))"], "the header X-Hub-Signature-256 is missing"),
        (.stripe, [:], "the header Stripe-Signature is missing"),
        (.stripe, ["Stripe-Signature": "v1=\(hex(body))"], "Stripe-Signature is no t=SECONDS,v1=HEX"),
        (
            .stripe, ["Stripe-Signature": "t=\(now - 301),v1=\(hex("\(now - 301).\(body)"))"],
            "more than 300 seconds away"
        ),
        (
            .stripe, ["Stripe-Signature": "t=\(now + 301),v1=\(hex("\(now + 301).\(body)"))"],
            "more than 300 seconds away"
        ),
        (
            .stripe, ["Stripe-Signature": "t=\(now),v1=\(hex("\(now - 1).\(body)"))"],
            "the signature is not one of the body"
        ),
        (.stripe, ["Stripe-Signature": "t=-1,v1=\(hex(body))"], "no number of seconds"),
        (.shopify, ["X-Shopify-Hmac-Sha256": "!"], "X-Shopify-Hmac-Sha256 is not base64"),
        (.shopify, ["X-Shopify-Hmac-Sha256": "AAAA"], "the signature is not one of the body"),
        (.slack, ["X-Slack-Signature": "v0=\(hex(body))"], "the header X-Slack-Request-Timestamp is missing"),
        (
            .slack, ["X-Slack-Request-Timestamp": "\(now)", "X-Slack-Signature": "v0=\(hex("v0:1:\(body)"))"],
            "the signature is not one of the body"
        ),
    ]

    @Test("Any other is refused with 401, and leaves nothing", arguments: wrong.indices)
    func refused(index: Int) {
        let (scheme, headers, message) = Self.wrong[index]
        let (answer, events) = post(scheme, headers)
        #expect(answer.status == 401)
        #expect(events.isEmpty)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(message))
    }

    @Test(
        "The secret is asked for however the path writes the name; other webhooks need none",
        arguments: [
            ("/webhook/com.acme/hook/v1.0.json", 401), ("/webhook/com.acme/hook/v1", 401),
            ("/webhook/com.acme/hook/v1.0.0", 401),
            ("/webhook/com.acme/hook/jsonschema/1-0-0", 401), ("/webhook/iglu:com.acme/hook/jsonschema/1-0-0", 401),
            ("/webhook/com.acme/hook/v1.1", 200), ("/webhook", 200),
        ])
    func paths(path: String, status: Int) {
        #expect(post(.github, [:], path: path).0.status == status)
    }

    @Test("A rule for arbitrary webhooks holds for both their paths, and an empty secret lets nobody in")
    func arbitrary() {
        var settings = WebhookSettings()
        settings.signatures = [.init(schema: nil, scheme: .github, secrets: [""])]
        for path in ["/webhook", "/webhook/io.silverton/buz/hook/arbitrary/v1.0.json"] {
            let request = SampleRequest(
                .post, path, headers: ["X-Hub-Signature-256": "sha256=\(Self.hex(Self.body, ""))"], body: Self.body)
            #expect(request.answer(of: WebhookHandler(settings)).answer.status == 401)
        }
    }
}
