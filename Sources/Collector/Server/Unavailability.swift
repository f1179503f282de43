/// Why a client gets 503, and is to come again.
enum Unavailability: String, Sendable, CaseIterable {
    /// Events come faster than the disk takes them: `http.spool.maxPendingBytes`.
    case pending
    /// The spool is full: `http.spool.maxBytes`.
    case spool
    /// What was handed to the spool could not be written.
    case disk
    /// Events were not safe in `middleware.timeout.after`.
    case slow
    /// Too many bytes of requests that are not whole: `http.limits.bufferBytes`.
    case requests
    /// Too many pages and dry runs at once.
    case pages

    private var message: String {
        switch self {
        case .pending: "events come faster than they are written; send this request again"
        case .spool: "the spool is full; send this request again"
        case .disk: "events cannot be kept at the moment; send this request again"
        case .slow: "the events were not safe in time; send this request again"
        case .requests: "too many requests are on their way; send this one again"
        case .pages: "too many pages are asked for at once; ask again"
        }
    }

    /// Seconds.
    private var retryAfter: Int {
        switch self {
        case .spool, .disk, .slow: 5
        case .pending, .requests, .pages: 1
        }
    }

    private static let answers = Self.allCases.map { reason in
        CollectedAnswer.refusal(503, reason.message, headers: [.init("Retry-After", "\(reason.retryAfter)")])
    }

    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    var answer: CollectedAnswer { Self.answers[index] }
}
