import CoreIngest
import Testing

@testable import Collector

@Suite("Self-describing JSON")
struct SelfDescribingTests {
    private func post(_ body: String, _ settings: SelfDescribingSettings = .init()) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(.post, settings.path, body: body).answer(of: SelfDescribingHandler(settings))
    }

    @Test("An event keeps its schema, its data byte for byte, and its contexts")
    func one() {
        let (answer, events) = post(
            """
            {"contexts":{"iglu:com.acme/user/jsonschema/1-0-0":{"id": 1},"iglu:com.acme/tag/jsonschema/1-0-0":[{"t":1},{"t":2}]},
            "payload":{"schema":"iglu:com.acme\\/view\\/jsonschema\\/1-0-0","data":{"n":12345678901234567890, "s":"\\u00e4"}}}
            """)
        #expect(answer == .ok)
        #expect(events.count == 1)
        #expect(events[0].protocol == .selfDescribing)
        #expect(events[0].schema == "iglu:com.acme/view/jsonschema/1-0-0")
        #expect(events[0].payload == #"{"n":12345678901234567890, "s":"\u00e4"}"#)
        #expect(
            events[0].contexts == [
                "iglu:com.acme/user/jsonschema/1-0-0 {\"id\": 1}", "iglu:com.acme/tag/jsonschema/1-0-0 {\"t\":1}",
                "iglu:com.acme/tag/jsonschema/1-0-0 {\"t\":2}",
            ])
    }

    @Test("An array holds several; keys may be others")
    func several() {
        var settings = SelfDescribingSettings()
        settings.path = "/events"
        settings.payloadKey = "event"
        settings.dataKey = "body"
        let (answer, events) = post(
            #"[{"event":{"schema":"a","body":1}},{"event":{"schema":"b","body":[]}}]"#, settings)
        #expect(answer == .ok)
        #expect(events.map(\.payload) == ["1", "[]"])
        #expect(post("[]").1.isEmpty)
    }

    @Test("An event without a schema's name is kept, so that validation reports it")
    func withoutSchema() {
        let (answer, events) = post(#"{"payload":{"data":{}}}"#)
        #expect(answer == .ok)
        #expect(events.map(\.schema) == [""])
    }

    @Test(
        "What is no self-describing event refuses the request, says where, and leaves nothing",
        arguments: [
            ("", "the body is not JSON: there is no value, at line 1, column 1 (byte 0)"),
            ("{\"payload\":", "the body is not JSON: the text ends inside a value, at line 1, column 12 (byte 11)"),
            ("7", "the body is no object"), ("{}", "the body has no member 'payload'"),
            (#"{"payload":1}"#, "in the body, /payload is no object"),
            (#"{"payload":{}}"#, "in the body, /payload has no member 'data'"),
            (#"{"payload":{"schema":1,"data":{}}}"#, "in the body, /payload/schema is no string"),
            (
                #"{"payload":{"data":{}},"contexts":7}"#,
                "in the body, /contexts is no object of contexts by schema"
            ),
        ])
    func refused(body: String, message: String) {
        let (answer, events) = post(body)
        #expect(answer.status == 400)
        #expect(answer == .refusal(400, message))
        #expect(events.isEmpty)
    }

    @Test("A bad element of an array is kept with what is wrong, and costs its neighbours nothing")
    func neighbours() {
        let (answer, events) = post(
            #"[{"payload":{"schema":"a","data":1}},7,{"payload":{"data":{}},"contexts":7},{"payload":{"schema":"b","data":2}}]"#
        )
        #expect(answer == .ok)
        #expect(events.map(\.payload) == ["1", "7", #"{"payload":{"data":{}},"contexts":7}"#, "2"])
        #expect(
            events.map(\.problem) == [
                "", "in the body, /1 is no object", "in the body, /2/contexts is no object of contexts by schema", "",
            ])
    }
}
