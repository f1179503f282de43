/// Why no answer came. One line: what happened, with which server, and what to do; never a path, a query, a header or a body.
package struct HTTPError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The request cannot be sent as it is: its URL, a header, a file of certificates.
        case badRequest
        /// The host's or the proxy's name is not known.
        case unresolved
        /// Nobody listens, or the way there is blocked.
        case unreachable
        /// No trust, or no common protocol.
        case tls
        /// One of ``HTTPLimits`` ran out.
        case timedOut
        /// The connection ended before the answer.
        case connectionLost
        /// The answer is not HTTP.
        case badAnswer
        /// The answer is larger than ``HTTPLimits/responseBytes``.
        case tooLarge
        /// The answer leads elsewhere, and is not followed there.
        case redirected
        /// ``HTTPCancellation/cancel()``, or ``HTTPClient/close()``.
        case cancelled
        /// There are no credentials to sign with, or they cannot be had.
        case credentials
        /// Memory, descriptors.
        case resource
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// The address is none that can be asked.
    static let badAddress = HTTPError(
        .badRequest,
        "the address of a request is not of the form http://host/path or https://host/path, without a user in it")

    /// Whether the same request may get an answer later.
    package var isTransient: Bool {
        switch code {
        case .unresolved, .unreachable, .tls, .timedOut, .connectionLost, .badAnswer, .credentials, .resource: true
        case .badRequest, .tooLarge, .redirected, .cancelled: false
        }
    }
}
