import CoreIngest

/// How a sender signs its webhooks: each an HMAC with SHA-256, of other bytes and in another header.
package enum WebhookScheme: String, Sendable, CaseIterable {
    /// `X-Hub-Signature-256: sha256=HEX` of the body.
    case github
    /// `Stripe-Signature: t=SECONDS,v1=HEX,…` of time, dot and body.
    case stripe
    /// `X-Shopify-Hmac-Sha256: BASE64` of the body.
    case shopify
    /// `X-Slack-Signature: v0=HEX` of `v0:`, `X-Slack-Request-Timestamp`, colon and body.
    case slack

    /// Nil where the request is signed with one of the secrets, else what is wrong, without any of them.
    func problem(
        _ request: borrowing CollectedRequest, secrets: [String], tolerance: Int
    ) -> String? {
        switch self {
        case .github:
            guard let header = request.headers["x-hub-signature-256"] else { return missing("X-Hub-Signature-256") }
            guard let digest = Self.hex(header, after: "sha256=") else { return "X-Hub-Signature-256 is no sha256=HEX" }
            return Self.isSigned([], request.body, secrets, [digest]) ? nil : wrong
        case .stripe:
            guard let header = request.headers["stripe-signature"] else { return missing("Stripe-Signature") }
            let parts = String(decoding: header, as: UTF8.self).split(separator: ",")
            let time = parts.first { $0.hasPrefix("t=") }.map { String($0.dropFirst(2)) }
            let digests = parts.filter { $0.hasPrefix("v1=") }.prefix(10).compactMap { part in
                Array(part.utf8).withUnsafeBytes { Self.hex($0, after: "v1=") }
            }
            guard let time, !digests.isEmpty else { return "Stripe-Signature is no t=SECONDS,v1=HEX" }
            return late(time, request.receivedAt, tolerance)
                ?? (Self.isSigned(Array("\(time).".utf8), request.body, secrets, digests) ? nil : wrong)
        case .shopify:
            guard let header = request.headers["x-shopify-hmac-sha256"] else { return missing("X-Shopify-Hmac-Sha256") }
            guard let digest = Base64Text.decode(header) else { return "X-Shopify-Hmac-Sha256 is not base64" }
            return Self.isSigned([], request.body, secrets, [digest]) ? nil : wrong
        case .slack:
            guard let header = request.headers["x-slack-signature"] else { return missing("X-Slack-Signature") }
            guard let sent = request.headers["x-slack-request-timestamp"] else {
                return missing("X-Slack-Request-Timestamp")
            }
            guard let digest = Self.hex(header, after: "v0=") else { return "X-Slack-Signature is no v0=HEX" }
            let time = String(decoding: sent, as: UTF8.self)
            return late(time, request.receivedAt, tolerance)
                ?? (Self.isSigned(Array("v0:\(time):".utf8), request.body, secrets, [digest]) ? nil : wrong)
        }
    }

    private var wrong: String { "the signature is not one of the body with the secret that is configured" }

    private func missing(_ header: String) -> String { "the header \(header) is missing: this webhook must be signed" }

    /// Nil where the signed time is near enough to now; a replayed request is not.
    private func late(_ text: String, _ now: Int64, _ tolerance: Int) -> String? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let time = Int64(text)
        else {
            return "the signature's time is no number of seconds"
        }
        return abs(now / 1_000_000 - time) <= Int64(tolerance)
            ? nil : "the signature's time is more than \(tolerance) seconds away from now"
    }

    /// All secrets and digests are tried, each in constant time.
    private static func isSigned(
        _ prefix: [UInt8], _ body: UnsafeRawBufferPointer, _ secrets: [String], _ digests: [[UInt8]]
    ) -> Bool {
        var signed = prefix
        signed.append(contentsOf: body)
        var isSigned = false
        for secret in secrets where !secret.isEmpty {
            guard let code = AuthenticationCode.sha256(of: signed, key: Array(secret.utf8)) else { continue }
            for digest in digests where ConstantTime.areEqual(code, digest) { isSigned = true }
        }
        return isSigned
    }

    private static func hex(_ text: UnsafeRawBufferPointer, after prefix: String) -> [UInt8]? {
        let start = prefix.utf8.count
        guard text.count == start + 64, text[..<start].elementsEqual(prefix.utf8) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: start, to: text.count, by: 2) {
            guard let high = PercentText.nibble(text[index]), let low = PercentText.nibble(text[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
