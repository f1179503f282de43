import CoreIngest

@testable import Collector

/// An event that a handler left, with its parts as strings: to compare in tests.
struct ReadEvent: Equatable {
    var `protocol`: CollectedProtocol
    var uuid: String
    var timestamp: Int64
    var schema: String
    var payload: String
    /// `NAME DATA` each.
    var contexts: [String]
    var deduplication: String
    var key: String
    var problem: String

    init(_ event: CollectedEvent) {
        func text(_ part: CollectedEvents.Part) -> String { String(decoding: event[part], as: UTF8.self) }
        `protocol` = event.protocol
        uuid = event.uuid.text
        timestamp = event.timestamp
        schema = text(.schema)
        payload = text(.payload)
        contexts = event.contexts.map {
            "\(String(decoding: $0.schema, as: UTF8.self)) \(String(decoding: $0.data, as: UTF8.self))"
        }
        deduplication = text(.deduplication)
        key = text(.key)
        problem = text(.problem)
    }
}

extension SampleRequest {
    /// Hands the request to a handler, and answers what it says and leaves. Ids are the same at every call.
    func answer(
        of handler: some ProtocolHandler, limits: CollectedEvents.Limits = .init()
    ) -> (answer: CollectedAnswer, events: [ReadEvent]) {
        var events = CollectedEvents(limits: limits, ids: UUIDSource(seed: 1))
        events.beginRequest(at: receivedAt)
        let answer = use { handler.handle($0, into: &events) }
        return (answer, events.all.map { ReadEvent($0) })
    }
}
