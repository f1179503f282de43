/// What a client is told. The success of a request that left events is sent only when they are as safe as
/// `http.acknowledge` asks for; where they cannot be kept, the client gets 503 instead.
package struct CollectedAnswer: Sendable, Equatable {
    /// 200 to 499: a client's mistake is never a 500.
    package var status: Int
    package var contentType: String
    /// Shared: prepare the bytes of common answers once.
    package var body: [UInt8]
    /// More fields, such as `Set-Cookie` and `Location`. Names and values without control characters: what has one is left
    /// out. The server itself writes `Content-Type`, `Content-Length`, `Date`, `Connection`, `Allow` and those of CORS.
    package var headers: [Header]

    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(status: Int, contentType: String, body: [UInt8], headers: [Header] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    /// A JSON text, made already.
    package static func json(_ status: Int, _ body: [UInt8], headers: [Header] = []) -> CollectedAnswer {
        CollectedAnswer(status: status, contentType: "application/json", body: body, headers: headers)
    }

    package static func text(_ status: Int, _ body: String, headers: [Header] = []) -> CollectedAnswer {
        CollectedAnswer(
            status: status, contentType: "text/plain; charset=utf-8", body: Array(body.utf8), headers: headers)
    }

    /// `{"message":"ok"}`, as Buz answers.
    package static let ok = CollectedAnswer.json(200, Array("{\"message\":\"ok\"}".utf8))

    /// `{"message":"…"}` with what was wrong, where, and what to do: one line, without the client's values.
    package static func refusal(_ status: Int, _ message: String, headers: [Header] = []) -> CollectedAnswer {
        .json(status, JSONBody.message(message), headers: headers)
    }
}
