import CoreIngest
import Testing

@testable import Collector

@Suite("Segment")
struct SegmentTests {
    private func post(
        _ call: String, _ body: String, _ settings: SegmentSettings = .init(),
        _ headers: KeyValuePairs<String, String> = [:]
    ) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(.post, "/v1/\(call)", headers: headers, body: body).answer(of: SegmentHandler(settings))
    }

    @Test("A single call is an event without its write key", arguments: SegmentCall.allCases)
    func single(call: SegmentCall) {
        let (answer, events) = post(
            call.rawValue,
            #"{"userId":"u","messageId":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","timestamp":"2026-11-21T05:21:11.311Z","n":1.10,"writeKey":"k","sentAt":"x"}"#
        )
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == #"{"success": true}"#)
        #expect(events.map(\.schema) == ["iglu:io.silverton/segment.\(call.rawValue)/jsonschema/1-0-0"])
        #expect(
            events[0].payload
                == #"{"type":"\#(call.rawValue)","userId":"u","messageId":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","timestamp":"2026-11-21T05:21:11.311Z","n":1.10}"#
        )
        #expect(events[0].uuid == "9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events[0].deduplication == "9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events[0].timestamp == 1_795_238_471_311_000)
        #expect(events[0].key == "u")
        #expect(events[0].contexts == [#"iglu:io.silverton/segment.sent/jsonschema/1-0-0 {"sentAt":"x"}"#])
    }

    @Test("A batch keeps each message, and what is wrong with one costs its neighbours nothing")
    func batch() {
        let (answer, events) = post(
            "batch",
            #"{"batch":[{"type":"track","event":"a","anonymousId":"x"},7,{"type":"dance"},{"event":"b"},{"type":"page"}],"sentAt":"t","context":{"ip":"1"},"writeKey":"k"}"#
        )
        #expect(answer.status == 200)
        #expect(
            events.map(\.payload) == [
                #"{"type":"track","event":"a","anonymousId":"x"}"#, "7", #"{"type":"dance"}"#, #"{"event":"b"}"#,
                #"{"type":"page"}"#,
            ])
        #expect(
            events.map(\.problem) == [
                "", "in the body, /batch/1 is no object",
                "'type' is none of track, identify, page, screen, group and alias",
                "'type' is none of track, identify, page, screen, group and alias", "",
            ])
        #expect(
            events[0].contexts == [
                #"iglu:io.silverton/segment.sent/jsonschema/1-0-0 {"sentAt":"t","context":{"ip":"1"}}"#
            ])
    }

    @Test(
        "What is no message or batch is refused",
        arguments: [
            ("track", "", 400), ("track", "[]", 400), ("batch", "{}", 400), ("batch", #"{"batch":{}}"#, 400),
            ("track", "{", 400),
        ])
    func refused(call: String, body: String, status: Int) {
        let (answer, events) = post(call, body)
        #expect(answer.status == status && events.isEmpty)
        #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix(#"{"success": false, "message": ""#))
    }

    @Test("A configured write key is asked for, in the body or as the user of Basic authentication")
    func writeKeys() {
        var settings = SegmentSettings()
        settings.writeKeys = ["other", "wk"]
        #expect(post("track", "{}", settings).0.status == 401)
        #expect(post("track", #"{"writeKey":"w"}"#, settings).0.status == 401)
        #expect(post("track", #"{"writeKey":"wk"}"#, settings).0.status == 200)
        #expect(post("track", "{}", settings, ["Authorization": "Basic d2s6"]).0.status == 200)
        #expect(post("track", "{}", settings, ["Authorization": "Basic d2t4Og=="]).0.status == 401)
        #expect(post("track", "{}", settings, ["Authorization": "Bearer wk"]).0.status == 401)
    }

    @Test("A message beyond Segment's limit is kept as invalid, a batch beyond it is refused")
    func limits() {
        var settings = SegmentSettings()
        settings.messageBytes = 60
        settings.batchBytes = 200
        let (answer, events) = post(
            "track", #"{"userId":"u","event":"\#(String(repeating: "x", count: 50))"}"#, settings)
        #expect(answer.status == 200)
        #expect(events[0].problem == "the message has 75 bytes, and Segment takes 60")
        #expect(post("track", String(repeating: " ", count: 201), settings).0.status == 400)
    }
}
