/// How a call ended, where it did not end well. One line: what happened and with which server; the words are the server's own.
package struct GRPCError: Error, Equatable, CustomStringConvertible {
    /// Source: github.com/grpc/grpc, doc/statuscodes.md.
    package enum Code: Int, Sendable, CaseIterable {
        case cancelled = 1
        case unknown
        case invalidArgument
        case deadlineExceeded
        case notFound
        case alreadyExists
        case permissionDenied
        case resourceExhausted
        case failedPrecondition
        case aborted
        case outOfRange
        case unimplemented
        case `internal`
        case unavailable
        case dataLoss
        case unauthenticated
    }

    package var code: Code
    package var message: String
    /// The wait that the server asks for.
    package var retryAfterSeconds: Int?
    /// No answer came: the server's reason is not known.
    package private(set) var isFromConnection = false

    package init(_ code: Code, _ message: String, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var description: String { message }

    init(_ error: HTTPError) {
        switch error.code {
        case .cancelled: self.init(.cancelled, error.message)
        case .timedOut: self.init(.deadlineExceeded, error.message)
        case .tooLarge: self.init(.resourceExhausted, error.message)
        case .badRequest, .redirected: self.init(.failedPrecondition, error.message)
        case .credentials: self.init(.unauthenticated, error.message)
        case .unresolved, .unreachable, .tls, .connectionLost, .badAnswer, .resource:
            self.init(.unavailable, error.message)
        }
        isFromConnection = error.code == .connectionLost
    }

    /// For an answer that is HTTP and no gRPC. Source: doc/http-grpc-status-mapping.md.
    init(http response: HTTPResponse, from origin: String) {
        let words = response.excerpt(120)
        let text =
            "\(origin) answers with HTTP status \(response.status) and not by gRPC"
            + (words.isEmpty ? "" : ": \(words)")
        let code: Code =
            switch response.status {
            case 400: .internal
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            default: .unknown
            }
        self.init(code, text, retryAfterSeconds: response.retryAfterSeconds)
    }
}
