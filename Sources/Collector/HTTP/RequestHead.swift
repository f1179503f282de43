import CoreIngest

/// What the head of a request says of itself. Offsets are from the head's beginning.
struct RequestHead {
    var method: RequestMethod
    /// The path as sent, still percent-encoded.
    var path: ByteRange
    /// What follows the first `?`; empty where there is none.
    var query: ByteRange
    /// Bytes of the head, with the empty line.
    var byteCount: Int
    /// Whether the client wants the connection to stay.
    var keepsAlive: Bool
    var body: Body
    /// The client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool

    enum Body: Equatable {
        /// Bytes; 0 where there is none.
        case length(Int)
        case chunked
    }
}

/// Why a request is refused before any handler sees it. The connection is closed after the answer: where the next request begins
/// is not certain.
struct RequestProblem: Error, Equatable {
    var status: Int
    var message: String
}
