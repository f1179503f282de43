import CoreIngest
import Testing

@testable import Collector

@Suite("Events over the limit among others")
struct OversizeTests {
    private struct Way: Sendable {
        var handler: any ProtocolHandler
        var path: String
        var type: String
        /// The body of events whose data are so many characters.
        var body: @Sendable ([Int]) -> String
    }

    private static let ways: [String: Way] = [
        "selfDescribing": Way(handler: SelfDescribingHandler(), path: "/self-describing", type: "application/json") {
            "["
                + $0.map { #"{"payload":{"schema":"iglu:a/b/jsonschema/1-0-0","data":"\#(pad($0))"}}"# }.joined(
                    separator: ",") + "]"
        },
        "webhook": Way(handler: WebhookHandler(), path: "/webhook", type: "application/json") {
            "[" + $0.map { "\"\(pad($0))\"" }.joined(separator: ",") + "]"
        },
        "cloudevents": Way(
            handler: CloudEventsHandler(), path: "/cloudevents", type: "application/cloudevents-batch+json"
        ) {
            "["
                + $0.map {
                    #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":"\#(pad($0))"}"#
                }.joined(separator: ",") + "]"
        },
        "segment": Way(handler: SegmentHandler(), path: "/v1/batch", type: "application/json") {
            "{\"batch\":["
                + $0.map { #"{"type":"track","event":"e","userId":"u","x":"\#(pad($0))"}"# }.joined(separator: ",")
                + "]}"
        },
        "snowplow": Way(
            handler: SnowplowHandler(), path: "/com.snowplowanalytics.snowplow/tp2", type: "application/json"
        ) {
            "{\"data\":[" + $0.map { #"{"e":"pv","p":"web","tv":"t","url":"\#(pad($0))"}"# }.joined(separator: ",")
                + "]}"
        },
    ]

    private static func pad(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test(
        "One that is too large is kept as an invalid one, with its beginning, and its neighbours as they are",
        arguments: ways.keys.sorted())
    func tooLarge(name: String) throws {
        let way = try #require(Self.ways[name])
        var limits = CollectedEvents.Limits()
        limits.eventBytes = 4000
        var events = CollectedEvents(limits: limits, ids: UUIDSource(seed: 1))
        let request = SampleRequest(
            .post, way.path, headers: ["Content-Type": way.type], body: way.body([10, 9000, 20]))
        events.beginRequest(at: request.receivedAt)
        let answer = request.use { way.handler.handle($0, into: &events) }
        #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        var problems: [String] = []
        var payloads: [String] = []
        for event in events.all {
            problems.append(String(decoding: event[.problem], as: UTF8.self))
            payloads.append(String(decoding: event[.payload], as: UTF8.self))
        }
        #expect(problems.count == 3)
        #expect(problems[0].isEmpty && problems[2].isEmpty)
        #expect(problems[1].contains("has more than 4000 bytes"))
        #expect(problems[1].contains("its first 500 bytes are kept"))
        #expect(payloads[1].hasPrefix("\"") && payloads[1].utf8.count > 400)
        #expect(payloads[0].contains(Self.pad(10)) && payloads[2].contains(Self.pad(20)))
    }
}
