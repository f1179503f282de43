import CoreIngest
import HTTPClient

/// Why Snowflake did not do what it was asked, by the class that says what to do next.
struct SnowflakeFailure: Error, Equatable, CustomStringConvertible {
    enum Kind: Sendable {
        /// No answer, a 5xx, a statement that ran out of time: the same again later. It may have been carried out.
        case unavailable
        /// 429
        case throttled
        /// The key, the token or the role is refused.
        case unauthorized
        /// Something is not set up as it has to be: a name, a warehouse, a column.
        case misconfigured
        /// A database, schema or table is not there, or not for this role.
        case absent
        /// The streaming channel has to be opened again.
        case channel
        /// The request has more bytes than are taken.
        case tooLarge
        /// A value does not fit. Snowflake's words hold it, so they are left out.
        case data
        /// Anything else.
        case other
    }

    var kind: Kind
    /// One line, without secrets and values of rows.
    var message: String
    /// Snowflake's own code, where the answer has one.
    var code = ""
    var retryAfter: Duration?
    /// A configuration error that another attempt does not mend.
    var isFinal = false

    init(_ kind: Kind, _ message: String, code: String = "", retryAfter: Duration? = nil, isFinal: Bool = false) {
        self.kind = kind
        self.message = message
        self.code = code
        self.retryAfter = retryAfter
        self.isFinal = isFinal
    }

    var description: String { message }

    init(_ error: HTTPError) {
        self.init(error.isTransient ? .unavailable : .misconfigured, error.message, isFinal: !error.isTransient)
    }

    /// As the lane is told. `place`: which sink.
    func sinkFailure(at place: String, reopen: Bool) -> SinkFailure {
        let code: SinkFailure.Code =
            switch kind {
            case .unavailable, .channel: .unavailable
            case .throttled: .throttled
            case .unauthorized: .unauthorized
            case .misconfigured, .absent: .misconfigured
            case .tooLarge: .tooLarge
            case .data: .schemaMismatch
            case .other: .other
            }
        return SinkFailure(code, "\(place): \(message)", reopen: reopen, retryAfter: retryAfter)
    }
}

extension SnowflakeFailure {
    /// Of an answer that is not what was asked for. `what`: the request, in words, after "to".
    init(_ response: HTTPResponse, to what: String) {
        let answer = Self.answer(response.body)
        let code = answer.code
        let words = Self.isSafe(code) ? OneLine.of(answer.message, most: 300) : ""
        let said = [code.isEmpty ? "" : code, words].filter { !$0.isEmpty }.joined(separator: ": ")
        let line = "Snowflake answers \(response.status) to \(what)" + (said.isEmpty ? "" : " (\(said))")
        let wait = response.retryAfterSeconds.map { Duration.seconds(min($0, 600)) }
        let (kind, advice) = Self.judge(response.status, code)
        self.init(kind, advice.isEmpty ? line : "\(line): \(advice)", code: code, retryAfter: wait)
    }

    /// `code` and `message` of an error; the streaming service says `error_code` in some.
    private static func answer(_ body: [UInt8]) -> (code: String, message: String) {
        let document = body.withUnsafeBytes { try? JSONDocument($0, limits: JSONLimits(depth: 50, bytes: 1 << 20)) }
        guard let document else { return ("", "") }
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        func text(_ name: StaticString) -> String? { view.member(0, named: name).flatMap { view.string($0) } }
        let code = text("code") ?? text("error_code") ?? ""
        return (OneLine.of(code, most: 80), text("message") ?? "")
    }

    /// Codes from 100000 on are about data, and their words quote it.
    private static func isSafe(_ code: String) -> Bool { code.isEmpty || !code.hasPrefix("1") }

    /// Source: Snowflake's documentation of the SQL API ("Handling responses") and of Snowpipe Streaming ("Error handling").
    private static func judge(_ status: Int, _ code: String) -> (Kind, String) {
        switch code {
        case "390144":
            return (
                .unauthorized,
                "check that the user has this public key (DESCRIBE USER), that account and user are right, and that the clock is"
            )
        case "390303", "390318", "390195":
            return (.unauthorized, "the OAuth token is not valid or has run out: put a fresh one into tokenFile")
        case "394400", "394401", "394402":
            return (
                .unauthorized,
                "the programmatic access token is not valid or has run out: put a fresh one into tokenFile"
            )
        case "390189", "390186":
            return (.unauthorized, "the role is not granted to the user: GRANT ROLE … TO USER …")
        case "003001", "003540", "090105":
            return (.unauthorized, "the role lacks a privilege: see the grants in docs/sinks/snowflake.md")
        case "000606":
            return (.misconfigured, "name a warehouse that the role may use (GRANT USAGE ON WAREHOUSE …)")
        case "000609", "090073", "000625":
            return (
                .misconfigured, "the warehouse does not run: ALTER WAREHOUSE … RESUME, or AUTO_RESUME = TRUE"
            )
        case "000630", "000604":
            return (.unavailable, "raise statementTimeout, or take a larger warehouse")
        case "002003", "002043", "ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED", "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED",
            "ERR_DATABASE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", "ERR_SCHEMA_DOES_NOT_EXIST_OR_NOT_AUTHORIZED":
            return (.absent, "make it, or grant the role its use")
        case "000709": return (.unavailable, "")
        default: break
        }
        switch status {
        case 401: return (.unauthorized, "check the key or the token, and the clock")
        case 403: return (.unauthorized, "check the role's privileges and the account's network policy")
        case 413: return (.tooLarge, "")
        case 429: return (.throttled, "")
        case 400 where code.hasPrefix("STALE_"), 409: return (.channel, "")
        case 400 where code.hasPrefix("ERR_CHANNEL"), 404 where code.hasPrefix("ERR_CHANNEL"): return (.channel, "")
        case 404: return (.misconfigured, "check account, database and schema")
        case 408, 500...599: return (.unavailable, "")
        case 422 where code.hasPrefix("1"): return (.data, "a value does not fit its column")
        case 422: return (.misconfigured, "")
        default: return (.other, "")
        }
    }
}
