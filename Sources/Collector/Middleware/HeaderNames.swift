/// What is known of header fields by their names.
package enum HeaderNames {
    /// Whether a field may hold a credential, and so never goes into an event or a log. `name` in lower case.
    package static func mayHoldCredentials(_ name: String) -> Bool {
        let known: Set<String> = [
            "authorization", "proxy-authorization", "cookie", "set-cookie", "www-authenticate", "proxy-authenticate",
            "authentication-info", "x-hub-signature", "x-hub-signature-256", "stripe-signature", "x-slack-signature",
            "x-shopify-hmac-sha256", "x-forwarded-client-cert", "x-amz-security-token",
        ]
        if known.contains(name) { return true }
        return ["token", "secret", "password", "api-key", "apikey", "credential", "session", "auth"].contains {
            name.contains($0)
        }
    }
}
