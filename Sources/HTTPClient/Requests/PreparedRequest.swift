/// A request that was checked, and its body as it goes out.
struct PreparedRequest {
    var request: HTTPRequest
    let origin: HTTPOrigin
    /// Not compressed: where the caller has it.
    private let plain: UnsafeRawBufferPointer
    private let compressed: [UInt8]?

    init(_ request: HTTPRequest, body: UnsafeRawBufferPointer) throws(HTTPError) {
        guard let origin = HTTPOrigin(request.url) else { throw HTTPError.badAddress }
        for field in request.headers.fields where !field.isSendable {
            throw HTTPError(
                .badRequest, "a header of a request to \(origin) has control characters in its name or value")
        }
        self.request = request
        self.origin = origin
        plain = body
        compressed = body.isEmpty ? nil : try request.compression.compress(body)
        if compressed != nil { self.request.headers["Content-Encoding"] = request.compression.token }
    }

    var hasBody: Bool { !plain.isEmpty }

    func withBody<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let compressed { return compressed.withUnsafeBytes(body) }
        return body(plain)
    }
}
