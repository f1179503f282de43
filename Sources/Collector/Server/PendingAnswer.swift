/// A request whose answer is not sent yet: answers go out in the order of the requests, whichever is ready first.
struct PendingAnswer {
    enum State: Equatable {
        case ready
        /// For a batch to be safe.
        case batch(UInt64)
        /// For the pool, by the connection's number.
        case number(Int)
    }

    var answer: CollectedAnswer
    var state: State
    /// Microseconds since the Unix epoch.
    var since: Int64
    var isHead: Bool
    var isLatest: Bool
    /// Nothing is answered after it.
    var closes: Bool
    /// More of the request may come, which nobody wants to read.
    var lingers = false
    var `protocol`: CollectedProtocol?
}
