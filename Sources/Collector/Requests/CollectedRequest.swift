/// One HTTP request, whole: its head was read, its body is there and inflated. Valid only during the call that gets it; every
/// buffer in it is borrowed.
package struct CollectedRequest: ~Copyable {
    package let method: RequestMethod
    /// Percent-decoded, without the query; begins with `/`.
    package let path: UnsafeRawBufferPointer
    /// What follows the first `?`, as sent: see ``FormFields``. Empty where there is none.
    package let query: UnsafeRawBufferPointer
    package let headers: HeaderFields
    /// Without transfer and content encoding; empty where there is none. Bounded by the server's limit.
    package let body: UnsafeRawBufferPointer
    /// The address of the client as text, without port: of the connection, or as a trusted proxy forwarded it.
    package let client: UnsafeRawBufferPointer
    /// The value of the identity cookie, sent or given just now; nil where the middleware is off.
    package let identity: UnsafeRawBufferPointer?
    /// When it was whole: microseconds since the Unix epoch.
    package let receivedAt: Int64

    package init(
        method: RequestMethod, path: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer, headers: HeaderFields,
        body: UnsafeRawBufferPointer, client: UnsafeRawBufferPointer, identity: UnsafeRawBufferPointer? = nil,
        receivedAt: Int64
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.client = client
        self.identity = identity
        self.receivedAt = receivedAt
    }

    /// Whether `Content-Type` is a media type, whatever its parameters and case; `mediaType` in lower case.
    package func hasContentType(_ mediaType: StaticString) -> Bool {
        guard let value = headers["content-type"] else { return false }
        let wanted = UnsafeRawBufferPointer(start: mediaType.utf8Start, count: mediaType.utf8CodeUnitCount)
        guard value.count >= wanted.count,
            HeaderFields.isSame(
                UnsafeRawBufferPointer(rebasing: value[..<wanted.count]), lowercase: wanted)
        else { return false }
        guard value.count > wanted.count else { return true }
        let next = value[wanted.count]
        return next == UInt8(ascii: ";") || next == 0x20 || next == 0x09
    }
}
