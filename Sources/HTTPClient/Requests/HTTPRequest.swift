/// One request, without its body: ``HTTPClient/send(_:body:cancellation:)`` takes that as bytes, which are not copied.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// `http` or `https`, whole, with everything escaped that needs it. Never part of an error's message beyond its origin.
    package var url: String
    /// In this order. Names and values without control characters; a `Content-Length` is set by the client.
    package var headers: HTTPHeaders
    /// How the body is compressed on its way; sets `Content-Encoding`.
    package var compression: HTTPCompression = .none
    /// Whether a compressed answer is asked for. It is unpacked, and ``HTTPLimits/responseBytes`` counts what comes out.
    package var acceptsCompression = false
    package var limits = HTTPLimits()
    /// How many redirects are followed, by GET and HEAD only and within the same origin; others end in ``HTTPError/Code/redirected``.
    package var redirects = 0

    package init(_ method: HTTPMethod = .get, _ url: String, headers: HTTPHeaders = [:]) {
        self.method = method
        self.url = url
        self.headers = headers
    }
}

/// What is asked of a resource: RFC 9110 section 9, RFC 5789.
package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// How long and how much: every request has an end.
package struct HTTPLimits: Sendable {
    /// Until the connection stands, name and TLS included.
    package var connect: Duration = .seconds(10)
    /// From the call to its return.
    package var total: Duration = .seconds(60)
    /// How long less than one byte a second may come or go; whole seconds. Zero: no such limit.
    package var stall: Duration = .seconds(30)
    /// Bytes of an answer's body.
    package var responseBytes = 16 << 20
    /// Bytes of an answer's headers.
    package var headerBytes = 64 << 10

    package init() {}
}
