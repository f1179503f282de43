/// A destination. Written for by its lane, one call at a time, in the order of the source.
///
/// Contract:
/// - One write is in flight at a time; the lane never overlaps `open`, `write`, `flush` and `close`.
/// - `write` takes all of its slices in order, or says which events it refuses for ever, or asks for the same call again.
/// - `.delivered` means taken; ``flush()`` returns once all that was taken is durable. A sink whose `write` is durable
///   when it returns has an empty `flush`. Only flushed events are acknowledged to the source.
/// - ``open()`` begins anew, and so does a `flush` that fails: what was taken and not flushed before may be lost, so the
///   lane hands all of it over again.
/// - Calls run on a thread of the lane's own, so they may block, but never for ever: every wait has a time limit.
/// - After a ``flush()`` that failed, and after every call that failed with ``SinkFailure/reopen``, everything since the last
///   good flush is written again, but for what ``open()`` says is durable.
/// - At least once: after a failure or a crash the same events, with the same `uuid` and position, may come again.
public protocol Sink: Sendable {
    /// The sink's name in the configuration.
    var name: String { get }
    /// Whether events that failed validation are taken by `write` too (into the sink's own dead letter output). If not,
    /// the lane puts them into the local dead letter queue.
    var takesInvalidEvents: Bool { get }
    /// Connects and prepares. Called before the first write and after every failure that says ``SinkFailure/reopen``.
    /// Answers the last position that is durable in the destination for each source, where the destination stores it: the
    /// lane leaves out what lies at or before it. Otherwise an empty dictionary.
    func open() async throws(SinkFailure) -> [SourceIdentity: Position]
    /// Writes the events of the slices, in order.
    func write(_ slices: [BatchSlice]) async -> WriteOutcome
    /// Returns when everything that was taken is durable.
    func flush() async throws(SinkFailure)
    /// Releases everything. Nothing is called afterwards.
    func close() async
}

/// What became of a write.
public enum WriteOutcome: Sendable {
    /// All events were taken.
    case delivered
    /// These events can never be taken, the others were: the lane dead-letters them.
    case rejected([Rejection])
    /// The batch as a whole was refused for what is in it, and which event is to blame is unknown: the lane bisects.
    case refused(SinkFailure)
    /// Nothing, or an unknown part, was taken: the lane calls again with the same events, after a pause.
    case failed(SinkFailure)
}

/// One event that a destination refuses for ever.
public struct Rejection: Sendable {
    /// Index into the slices of the write, and into the records of that slice's batch.
    public var slice: Int
    /// See ``slice``.
    public var record: Int
    /// The destination's own words.
    public var failure: SinkFailure

    /// Refuses one record of one slice.
    public init(slice: Int, record: Int, failure: SinkFailure) {
        self.slice = slice
        self.record = record
        self.failure = failure
    }
}

/// Why a sink could not do what it was asked.
public struct SinkFailure: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public var code: Code
    /// One line: what happened, where, and what to do. Without secrets and without values of rows.
    public var message: String
    /// Call ``Sink/open()`` before the next write: the connection is gone.
    public var reopen: Bool
    /// The destination asked to wait this long.
    public var retryAfter: Duration?

    /// Kinds of failure.
    public enum Code: String, Sendable {
        /// Not reachable, timed out, refused the connection, 5xx.
        case unavailable
        /// 429, quota.
        case throttled
        /// Wrong credentials or missing permissions. Retried, as someone will mend it.
        case unauthorized
        /// The disk or the destination's storage is full.
        case storageFull
        /// The event does not fit the destination's schema.
        case schemaMismatch
        /// The event is larger than the destination takes.
        case tooLarge
        /// The event is malformed for the destination.
        case malformed
        /// The destination is set up in a way that cannot work. Retried, as someone will mend it.
        case misconfigured
        /// Anything else.
        case other
    }

    /// A failure; see the properties.
    public init(_ code: Code, _ message: String, reopen: Bool = false, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.reopen = reopen
        self.retryAfter = retryAfter
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}
