/// A whole answer.
package struct HTTPResponse: Sendable {
    /// 100 to 599; any status is an answer, not an error.
    package var status: Int
    /// Of the last answer, not of those that led to it.
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// 200 to 299
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The wait that a 429 or 503 asks for in whole seconds; nil without one, or when it is a date. RFC 9110 section 10.2.3.
    package var retryAfterSeconds: Int? { headers["Retry-After"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil } }

    /// The beginning of the body as one printable line, for messages: at most `most` characters.
    package func excerpt(_ most: Int = 200) -> String {
        OneLine.of(String(decoding: body.prefix(most * 4), as: UTF8.self), most: most)
    }
}
