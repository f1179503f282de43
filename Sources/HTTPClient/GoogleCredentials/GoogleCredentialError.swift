/// Why there is no token. One line: what happened, with which file or server, and what to do; never a key, a token or a part of one.
package struct GoogleCredentialError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The file, or the environment, is not what credentials look like.
        case misconfigured
        /// Google does not take these credentials: revoked, disabled, of another clock.
        case refused
        /// No answer, or one that says to come again.
        case unavailable
        /// ``HTTPCancellation/cancel()``.
        case cancelled
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    init(_ error: HTTPError, of what: String) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "\(what): \(error.message)")
        case .badRequest, .credentials: self.init(.misconfigured, "\(what): \(error.message)")
        case .unresolved, .unreachable, .tls, .timedOut, .connectionLost, .badAnswer, .tooLarge, .redirected, .resource:
            self.init(.unavailable, "\(what): \(error.message)")
        }
    }
}
