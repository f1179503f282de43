/// What every request goes through; nil where it is off.
package struct MiddlewareSettings: Sendable {
    package var cors: CrossOriginSettings?
    package var authentication: AuthenticationSettings?
    package var rateLimit: RateLimitSettings?
    package var identity: IdentitySettings?
    package var requestContext = RequestContextSettings()
    /// Whether each request is logged.
    package var logsRequests = false
    /// Proxies whose `X-Forwarded-For` is believed, as the address of the connection.
    package var trustedProxies: Set<String> = []

    package init() {}
}

/// Which pages of other origins may send events (the Fetch standard's CORS protocol).
package struct CrossOriginSettings: Sendable {
    /// `*`; `https://shop.example`; or `https://*.example` for any subdomain.
    package var origins: [String] = ["*"]
    package var allowsCredentials = true
    package var headers = ["Content-Type", "Content-Encoding", "Authorization", "SP-Anonymous"]
    package var methods = ["GET", "HEAD", "POST", "OPTIONS"]
    /// Seconds that a browser may remember the answer of a preflight.
    package var maxAge = 3600

    package init() {}
}

/// Who may send events.
package struct AuthenticationSettings: Sendable {
    /// As `Authorization: Bearer …`, or as `?access_token=` (CloudEvents' webhooks).
    package var tokens: [String] = []
    /// `name:password` each, as `Authorization: Basic …`.
    package var users: [String] = []

    package init() {}
}

package struct RateLimitSettings: Sendable {
    /// Requests of one client in each period.
    package var requests = 100
    package var period: Duration = .seconds(1)
    /// Clients that are counted at once. When there are more, those that were heard longest ago are forgotten.
    package var clients = 100_000

    package init() {}
}

package struct IdentitySettings: Sendable {
    package enum SameSite: String, Sendable, CaseIterable { case lax = "Lax", strict = "Strict", none = "None" }

    package var cookie = "nuid"
    package var domain: String?
    package var path = "/"
    package var maxAge: Duration = .seconds(365 * 86_400)
    package var isSecure = true
    package var sameSite = SameSite.lax

    package init() {}
}

/// What of the request goes into a context of every event.
package struct RequestContextSettings: Sendable {
    /// Names of header fields, in lower case. None that may hold credentials: see ``HeaderNames/mayHoldCredentials(_:)``.
    package var headers: [String] = []
    package var includesClient = false
    package var includesIdentity = true

    package init() {}
}
