import CoreIngest
import HTTPClient

/// Why ClickHouse did not do what it was asked, by what can be done about it.
struct ClickHouseFailure: Error {
    enum Kind {
        /// Not reachable, no answer in time, busy starting, a replica missing.
        case unavailable
        case throttled
        case unauthorized
        case storageFull
        /// A table is not as this session knows it.
        case catalogChanged
        case misconfigured
        /// What was sent is too large.
        case tooLarge
        /// What was sent is refused for what is in it.
        case data
        case other
    }

    var kind: Kind
    /// One line, without values.
    var message: String
    var retryAfter: Duration?

    init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }

    init(_ error: HTTPError) {
        self.init(
            error.isTransient ? .unavailable : error.code == .tooLarge ? .tooLarge : .misconfigured, error.message)
    }

    /// From an answer that is no success. ClickHouse's own words may hold values of rows, so only its code and the code's name are
    /// told, and the words where they can only be about names.
    init(_ response: HTTPResponse) {
        let words = response.excerpt(300)
        let code = response.headers["X-ClickHouse-Exception-Code"].flatMap { Int($0) } ?? Self.code(in: words)
        guard let code else {
            let kind: Kind =
                switch response.status {
                case 401, 403: .unauthorized
                case 413: .tooLarge
                case 429: .throttled
                case 500...: .unavailable
                default: .misconfigured
                }
            let advice =
                switch kind {
                case .unauthorized: ": check user and password, or the proxy in front of it"
                case .misconfigured: ": check that url leads to ClickHouse's HTTP interface"
                default: ""
                }
            self.init(
                kind, "the server answered with HTTP status \(response.status)\(advice)",
                retryAfter: response.retryAfterSeconds.map { .seconds($0) })
            return
        }
        let kind = Self.kind(of: code)
        let name = Self.name(in: String(decoding: response.body.suffix(400), as: UTF8.self)).map { " (\($0))" } ?? ""
        var message = "code \(code)\(name)"
        switch kind {
        case .unauthorized: message += ": check user, password and grants; \(words)"
        case .catalogChanged, .misconfigured, .throttled, .storageFull: message += ": \(words)"
        case .unavailable, .tooLarge, .data, .other: break
        }
        self.init(kind, message, retryAfter: response.retryAfterSeconds.map { .seconds($0) })
    }

    /// Source: ClickHouse, src/Common/ErrorCodes.cpp.
    private static func kind(of code: Int) -> Kind {
        switch code {
        // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, DATABASE_ACCESS_DENIED, ACCESS_DENIED,
        // AUTHENTICATION_FAILED; READONLY
        case 192, 193, 194, 195, 291, 497, 516, 164: .unauthorized
        // QUOTA_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, MEMORY_LIMIT_EXCEEDED, TOO_MANY_PARTS
        case 201, 202, 241, 252: .throttled
        case 243: .storageFull
        // TIMEOUT_EXCEEDED, SOCKET_TIMEOUT, NETWORK_ERROR, NO_ZOOKEEPER, TABLE_IS_READ_ONLY, TOO_FEW_LIVE_REPLICAS,
        // UNKNOWN_STATUS_OF_INSERT, QUERY_WAS_CANCELLED, SERVER_OVERLOADED, KEEPER_EXCEPTION
        case 159, 209, 210, 225, 242, 285, 319, 394, 745, 999: .unavailable
        // THERE_IS_NO_COLUMN, NOT_FOUND_COLUMN_IN_BLOCK, NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER, UNKNOWN_TABLE, TABLE_IS_DROPPED
        case 8, 10, 16, 47, 60, 218: .catalogChanged
        // UNKNOWN_DATABASE, UNKNOWN_SETTING, SUPPORT_IS_DISABLED
        case 81, 115, 344: .misconfigured
        // CANNOT_PARSE_…, CANNOT_READ_ALL_DATA, TYPE_MISMATCH, TOO_LARGE_STRING_SIZE, INCORRECT_DATA, VIOLATED_CONSTRAINT
        case 6, 26, 27, 32, 33, 38, 41, 53, 72, 117, 131, 469: .data
        default: .other
        }
    }

    /// `Code: 60. DB::Exception: …`
    private static func code(in text: String) -> Int? {
        guard let start = text.firstRange(of: "Code: ") else { return nil }
        return Int(text[start.upperBound...].prefix { $0.isNumber })
    }

    /// The name in `… (UNKNOWN_TABLE) (version 26.9.2.1 (official build))`.
    private static func name(in text: String) -> Substring? {
        for part in text.split(separator: "(").reversed() {
            guard let end = part.firstIndex(of: ")") else { continue }
            let name = part[..<end]
            if name.count > 3, name.allSatisfy({ $0 == "_" || $0.isASCII && ($0.isUppercase || $0.isNumber) }) {
                return name
            }
        }
        return nil
    }

    func sinkFailure(at place: String) -> SinkFailure {
        let code: SinkFailure.Code =
            switch kind {
            case .unavailable: .unavailable
            case .throttled: .throttled
            case .unauthorized: .unauthorized
            case .storageFull: .storageFull
            case .catalogChanged, .misconfigured: .misconfigured
            case .tooLarge: .tooLarge
            case .data: .schemaMismatch
            case .other: .other
            }
        return SinkFailure(code, "\(place): \(message)", retryAfter: retryAfter)
    }
}
