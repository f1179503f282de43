import Collector
import CoreIngest

/// The `middleware` section: what every request to the collector goes through.
enum MiddlewareConfiguration {
    private enum Keys {
        static let enabled = CheckedSection.enabledKey

        static let cors = Key<CheckedSection>.section("cors", corsSpecification)
        static let allowOrigin = Key<[String]>.texts(
            "allowOrigin",
            "Origins that may send: '*', https://shop.example, or https://*.example.com for its subdomains.",
            .defaulted(["*"]), minimum: 1, example: ["https://*.example.com"])
        static let allowCredentials = Key<Bool>.boolean(
            "allowCredentials", "Whether browsers may send cookies along.", .defaulted("true"))
        static let allowHeaders = Key<[String]>.texts(
            "allowHeaders", "Header fields that pages may set.",
            .defaulted(["Content-Type", "Content-Encoding", "Authorization", "SP-Anonymous"]))
        static let allowMethods = Key<[String]>.texts(
            "allowMethods", "Methods that pages may use.", .defaulted(["GET", "HEAD", "POST", "OPTIONS"]))
        static let maxAge = Key<Duration>.duration(
            "maxAge", "How long browsers may remember the permission.", .defaulted("1h"), in: .zero...(.seconds(86_400))
        )

        static let auth = Key<CheckedSection>.section("auth", authSpecification)
        static let tokens = Key<[String]>.secrets(
            "tokens", "Accepted as 'Authorization: Bearer TOKEN', or as ?access_token=TOKEN.",
            example: ["${BUZ_COLLECTOR_TOKEN:-change-me}"])
        static let users = Key<[String]>.secrets(
            "users", "NAME:PASSWORD each, accepted as 'Authorization: Basic …'.",
            example: ["${BUZ_COLLECTOR_USER:-name:change-me}"])

        static let rateLimiter = Key<CheckedSection>.section("rateLimiter", rateSpecification)
        static let limit = Key<Int>.integer(
            "limit", "Requests of one client in each period; more get 429 with Retry-After.", .defaulted("100"),
            in: 1...1_000_000_000)
        static let period = Key<Duration>.duration(
            "period", "The period.", .defaulted("1s"), in: .milliseconds(100)...(.seconds(86_400)))
        static let clients = Key<Int>.integer(
            "clients", "Clients that are counted at once; the others are forgotten first.", .defaulted("100000"),
            in: 1...10_000_000)

        static let timeout = Key<CheckedSection>.section("timeout", timeoutSpecification)
        static let after = Key<Duration>.duration(
            "after",
            "How long a request may wait until its events are as safe as http.acknowledge asks for; then it gets 503, and the events may be kept all the same.",
            .defaulted("30s"), in: .milliseconds(100)...(.seconds(3600)))

        static let identity = Key<CheckedSection>.section("identity", identitySpecification)
        static let cookie = Key<String>.text(
            "cookie", "Name of the cookie.", .defaulted("nuid"), rule: .identifier)
        static let domain = Key<String?>.optionalText(
            "domain", "Domain of the cookie; without it, the collector's own host.", rule: .hostName,
            example: "example.com")
        static let path = Key<String>.text("path", "Path of the cookie.", .defaulted("/"), rule: .cookiePath)
        static let lifetime = Key<Duration>.duration(
            "maxAge", "How long browsers keep it.", .defaulted("365d"), in: .seconds(60)...(.seconds(400 * 86_400)))
        static let secure = Key<Bool>.boolean("secure", "Whether it is sent over TLS only.", .defaulted("true"))
        static let sameSite = Key<SameSite>.choice(
            "sameSite", "To which sites it is sent; none asks for secure.", .defaulted("lax"))

        static let requestLogger = Key<CheckedSection>.section("requestLogger", loggerSpecification)

        static let corsSpecification = SectionSpecification(
            "Lets pages of other origins send events.",
            [
                enabled.specification, allowOrigin.specification, allowCredentials.specification,
                allowHeaders.specification, allowMethods.specification, maxAge.specification,
            ])
        static let authSpecification = SectionSpecification(
            "Asks every sender for a token, or a name and password.",
            [enabled.specification, tokens.specification, users.specification])
        static let rateSpecification = SectionSpecification(
            "Bounds the requests of each client, by its address.",
            [enabled.specification, limit.specification, period.specification, clients.specification])
        static let timeoutSpecification = SectionSpecification(
            "How long a client waits.", [after.specification])
        static let identitySpecification = SectionSpecification(
            "Gives each browser an id in a cookie, and its events the same id in a context.",
            [
                enabled.specification, cookie.specification, domain.specification, path.specification,
                lifetime.specification, secure.specification, sameSite.specification,
            ])
        static let loggerSpecification = SectionSpecification(
            "Logs each request, without its query, body and header fields.", [enabled.specification])
    }

    private enum SameSite: String, Sendable, CaseIterable {
        case lax, strict, none

        var value: IdentitySettings.SameSite {
            switch self {
            case .lax: .lax
            case .strict: .strict
            case .none: .none
            }
        }
    }

    static let specification = SectionSpecification(
        "What every request to the collector goes through.",
        [
            Keys.cors.specification, Keys.auth.specification, Keys.rateLimiter.specification,
            Keys.timeout.specification, Keys.identity.specification, Keys.requestLogger.specification,
        ])

    /// Adds the section to the collector's settings.
    static func apply(_ section: CheckedSection, to settings: inout CollectorSettings) {
        settings.middleware.cors = section.enabled(Keys.cors) { keys in
            var own = CrossOriginSettings()
            own.origins = keys[Keys.allowOrigin]
            own.allowsCredentials = keys[Keys.allowCredentials]
            own.headers = keys[Keys.allowHeaders]
            own.methods = keys[Keys.allowMethods]
            own.maxAge = Int(keys[Keys.maxAge].components.seconds)
            return own
        }
        settings.middleware.authentication = section.enabled(Keys.auth) { keys in
            var own = AuthenticationSettings()
            own.tokens = keys[Keys.tokens]
            own.users = keys[Keys.users]
            return own
        }
        settings.middleware.rateLimit = section.enabled(Keys.rateLimiter) { keys in
            var own = RateLimitSettings()
            own.requests = keys[Keys.limit]
            own.period = keys[Keys.period]
            own.clients = keys[Keys.clients]
            return own
        }
        settings.middleware.identity = section.enabled(Keys.identity) { keys in
            var own = IdentitySettings()
            own.cookie = keys[Keys.cookie]
            own.domain = keys[Keys.domain]
            own.path = keys[Keys.path]
            own.maxAge = keys[Keys.lifetime]
            own.isSecure = keys[Keys.secure]
            own.sameSite = keys[Keys.sameSite].value
            return own
        }
        settings.limits.answerTimeout = section[Keys.timeout][Keys.after]
        settings.middleware.logsRequests = section[Keys.requestLogger][Keys.enabled]
    }
}

extension TextRule {
    fileprivate static let hostName = TextRule(
        description: "the name of a host", pattern: "^[.]?[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*$"
    ) { text in
        !text.isEmpty && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
    }

    fileprivate static let cookiePath = TextRule(
        description: "a path that begins with '/'", pattern: "^/[A-Za-z0-9/._~-]*$"
    ) { text in
        text.hasPrefix("/")
            && text.utf8.allSatisfy { TextRule.isAlphanumeric($0) || "/._~-".utf8.contains($0) }
    }
}
