import CoreIngest
import HTTPClient

/// What BigQuery, or the way to it, answered instead of a result. One place for every class of error and what is to be done.
struct BigQueryFailure: Error, Sendable {
    enum Kind: Sendable, Equatable {
        /// No answer, 5xx, aborted: the same again later.
        case unavailable
        /// A quota or a rate is used up.
        case throttled
        /// The token is not taken.
        case unauthenticated
        /// A role is missing, or the credentials are refused.
        case forbidden
        /// No such table, or one that was just made and is not known everywhere yet.
        case notFound
        /// The table does not have the columns yet everywhere: a change of it takes minutes to arrive.
        case schemaLag
        /// It is there already.
        case exists
        /// An append whose offset is not the stream's end.
        case offset
        /// The stream was ended.
        case streamEnded
        /// Something in the rows is not taken.
        case invalid
        case tooLarge
        case misconfigured
        case cancelled
        case other
    }

    var kind: Kind
    /// One line without values of rows.
    var message: String
    var retryAfter: Duration?

    init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }

    init(_ error: GoogleCredentialError) {
        switch error.code {
        case .misconfigured: self.init(.misconfigured, error.message)
        case .refused: self.init(.forbidden, error.message)
        case .unavailable: self.init(.unavailable, error.message)
        case .cancelled: self.init(.cancelled, error.message)
        }
    }

    init(_ error: HTTPError) {
        switch error.code {
        case .badRequest, .redirected, .credentials: self.init(.misconfigured, error.message)
        case .cancelled: self.init(.cancelled, error.message)
        case .tooLarge, .unresolved, .unreachable, .tls, .timedOut, .connectionLost, .badAnswer, .resource:
            self.init(.unavailable, error.message)
        }
    }

    /// The failure of a call of the Storage Write API. Source: doc "Error handling" of that API, google.rpc.Code.
    init(_ error: GRPCError) {
        let kind: Kind =
            switch error.code {
            case .cancelled, .unknown, .deadlineExceeded, .aborted, .internal, .unavailable, .dataLoss: .unavailable
            case .invalidArgument: .invalid
            case .notFound: .notFound
            case .alreadyExists: .exists
            case .permissionDenied: .forbidden
            case .resourceExhausted: .throttled
            case .failedPrecondition, .unimplemented: .misconfigured
            case .outOfRange: .offset
            case .unauthenticated: .unauthenticated
            }
        self.init(
            kind, RowWords.without(values: error.message), retryAfter: error.retryAfterSeconds.map { .seconds($0) })
    }

    /// An answer of the REST API that is no success. Source: cloud.google.com/bigquery/docs/error-messages.
    init(_ response: HTTPResponse, _ answer: BigQueryAnswer?) {
        let reason = answer?.errorReason
        let words = RowWords.without(values: answer?.errorMessage ?? response.excerpt(160))
        let kind = reason.flatMap { Self.kind(ofReason: $0) } ?? Self.kind(ofStatus: response.status)
        let label = reason.map { "\(response.status) \($0)" } ?? "status \(response.status)"
        self.init(
            kind, words.isEmpty ? label : "\(words) (\(label))",
            retryAfter: response.retryAfterSeconds.map { .seconds($0) })
    }

    /// The error of a job or of a row, by its reason.
    init(reason: String, words: String) {
        self.init(Self.kind(ofReason: reason) ?? .other, "\(RowWords.without(values: words)) (\(reason))")
    }

    static func kind(ofReason reason: String) -> Kind? {
        switch reason {
        case "rateLimitExceeded", "quotaExceeded", "jobRateLimitExceeded", "userRateLimitExceeded",
            "dailyLimitExceeded":
            .throttled
        case "backendError", "internalError", "jobBackendError", "jobInternalError", "tableUnavailable", "timeout",
            "blocked", "stopped":
            .unavailable
        case "authError": .unauthenticated
        case "accessDenied", "forbidden": .forbidden
        case "notFound": .notFound
        case "duplicate", "alreadyExists": .exists
        case "invalid", "invalidQuery", "parseError": .invalid
        case "responseTooLarge", "uploadTooLarge", "requestTooLarge": .tooLarge
        case "billingNotEnabled", "billingTierLimitExceeded", "accessNotConfigured", "resourcesExceeded",
            "notImplemented":
            .misconfigured
        default: nil
        }
    }

    private static func kind(ofStatus status: Int) -> Kind {
        switch status {
        case 400: .invalid
        case 401: .unauthenticated
        case 403: .forbidden
        case 404: .notFound
        case 409: .exists
        case 412: .unavailable
        case 413: .tooLarge
        case 429: .throttled
        case 408, 500...599: .unavailable
        default: .other
        }
    }

    /// The failure of a whole write or of opening. `place` says where: `bigquery sink warehouse`.
    func sinkFailure(at place: String) -> SinkFailure {
        let text = "\(place): \(message)"
        switch kind {
        case .unavailable, .cancelled, .streamEnded, .offset:
            return SinkFailure(.unavailable, text, reopen: kind != .unavailable, retryAfter: retryAfter)
        case .schemaLag:
            return SinkFailure(
                .unavailable,
                "\(text); a changed table is known everywhere within minutes, until then it is tried again",
                retryAfter: retryAfter ?? .seconds(2))
        case .throttled:
            return SinkFailure(
                .throttled, "\(text): raise the project's quota, or batch.linger of the sink", retryAfter: retryAfter)
        case .unauthenticated:
            return SinkFailure(.unauthorized, "\(text): the token is not taken; look at the sink's credentials")
        case .forbidden:
            return SinkFailure(.unauthorized, "\(text): grant the roles that docs/sinks/bigquery.md lists")
        case .notFound: return SinkFailure(.misconfigured, text, reopen: true)
        case .misconfigured, .exists: return SinkFailure(.misconfigured, text, reopen: true)
        case .invalid: return SinkFailure(.schemaMismatch, text)
        case .tooLarge: return SinkFailure(.tooLarge, text)
        case .other: return SinkFailure(.other, text)
        }
    }
}

/// Messages about rows quote the offending value.
enum RowWords {
    static func without(values message: String) -> String {
        var text = Substring(message)
        // "Cannot convert value to integer (bad value): …"
        for mark in ["(bad value)", "bad value:", "; Value:", "Value: "] {
            if let range = text.firstRange(of: mark) { text = text[..<range.lowerBound] }
        }
        var out = ""
        var quote: Character?
        for character in text.split(whereSeparator: \.isWhitespace).joined(separator: " ") {
            if let open = quote {
                if character == open {
                    quote = nil
                    out.append(character)
                }
            } else {
                // An apostrophe within a word is no quote.
                let isQuote = character == "\"" || character == "'" && out.last?.isLetter != true
                out.append(character)
                if isQuote {
                    quote = character
                    out += "…"
                }
            }
            if out.count > 300 { return out + "…" }
        }
        return out
    }
}
