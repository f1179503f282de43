/// One protocol: which routes are its own, and how a request becomes events and an answer.
///
/// Contract:
/// - ``handle(_:into:)`` is called on an event loop, once for each request of one of its routes. It is synchronous and pure: no
///   file, network, lock or clock; the time is ``CollectedRequest/receivedAt``, and random ids come from the events' builder.
/// - It appends each event with ``CollectedEvents/begin(_:)`` … ``CollectedEvents/commit()``. One bad event of many never
///   costs its neighbours: either it is left out and the answer says so, as the protocol has it, or it is kept with what is
///   wrong, and validation reports it.
/// - A request that is refused as a whole leaves nothing: `events.rollBack(to: mark)`.
/// - No input makes it stop the process or answer 500 and above. A refusal is the protocol's own answer, with what is wrong and
///   where, and without the client's values.
/// - HEAD is asked as GET, and the server leaves out the body.
package protocol ProtocolHandler: Sendable {
    /// For `protocol` in envelopes and in metrics.
    var name: CollectedProtocol { get }
    /// Fixed when the handler is made. An exact route wins over a prefix, a longer prefix over a shorter, and both over
    /// ``Route/Pattern/twoSegments``; two handlers must not claim the same.
    var routes: [Route] { get }
    func handle(_ request: borrowing CollectedRequest, into events: inout CollectedEvents) -> CollectedAnswer
}

/// Requests that a handler answers.
package struct Route: Sendable, Equatable {
    package enum Pattern: Sendable, Equatable {
        /// This very path.
        case exact(String)
        /// This path, and all below it: `/webhook` takes `/webhook/a/b`, not `/webhooks`.
        case prefix(String)
        /// `/a/b`: any path of two segments that are not empty.
        case twoSegments
    }

    package var methods: Set<RequestMethod>
    package var pattern: Pattern

    package init(_ methods: Set<RequestMethod>, _ pattern: Pattern) {
        self.methods = methods
        self.pattern = pattern
    }
}
