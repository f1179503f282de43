import CoreIngest
import Testing

@testable import Collector

@Suite("Amplitude")
struct AmplitudeTests {
    private func post(
        _ body: String, path: String = "/2/httpapi", _ settings: AmplitudeSettings = .init()
    ) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(.post, path, body: body).answer(of: AmplitudeHandler(settings))
    }

    private func text(_ answer: CollectedAnswer) -> String { String(decoding: answer.body, as: UTF8.self) }

    @Test("Events are kept as they came, and the answer counts them", arguments: ["/2/httpapi", "/batch"])
    func taken(path: String) {
        let body =
            #"{"api_key":"k","events":[{"user_id":"user-1","device_id":"d-123","event_type":"click","time":1795238472317,"insert_id":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","event_properties":{"n":1.10}},{"device_id":"device","event_type":"x"}]}"#
        let (answer, events) = post(body, path: path)
        #expect(answer.status == 200)
        #expect(
            text(answer)
                == #"{"code":200,"events_ingested":2,"payload_size_bytes":\#(body.utf8.count),"server_upload_time":1795216741217}"#
        )
        #expect(events.count == 2)
        #expect(events[0].schema == "iglu:io.silverton/amplitude.event/jsonschema/1-0-0")
        #expect(events[0].payload.hasPrefix(#"{"user_id":"user-1""#) && events[0].payload.hasSuffix(#"{"n":1.10}}"#))
        #expect(events[0].uuid == "9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events[0].deduplication == "9c7d57a7-000f-44da-845e-03b4a5c6ad07\u{0}d-123")
        #expect(events[0].timestamp == 1_795_238_472_317_000)
        #expect(events.map(\.key) == ["user-1", "device"])
    }

    @Test("A request with bad events is refused with their indices, and leaves nothing")
    func lists() {
        let (answer, events) = post(
            #"""
            {"api_key":"k","events":[{"user_id":"user-1","event_type":"a"},{"user_id":"user-1"},{"event_type":"b"},
            {"user_id":"user-1","event_type":7,"time":"now"},7,{"user_id":"abc","event_type":"c"},{"user_id":12345,"event_type":"d"},
            {"user_id":null,"device_id":"device","event_type":"e","event_properties":[]}]}
            """#)
        #expect(answer.status == 400)
        #expect(
            text(answer)
                == #"{"code":400,"error":"Invalid events: leave those out whose indices are listed, and send the others again","missing_field":null,"#
                + #""events_with_missing_fields":{"device_id":[2],"event_type":[1],"user_id":[2]},"#
                + #""events_with_invalid_fields":{"event_properties":[7],"event_type":[3,4],"time":[3],"user_id":[6]},"#
                + #""events_with_invalid_id_lengths":{"user_id":[5]}}"#)
        #expect(events.isEmpty)
    }

    @Test("The shortest id may be told by the request")
    func idLength() {
        let event = #""events":[{"user_id":"abc","event_type":"c"}]"#
        #expect(post("{\"api_key\":\"k\",\(event)}").0.status == 400)
        #expect(post("{\"api_key\":\"k\",\(event),\"options\":{\"min_id_length\":3}}").0.status == 200)
        #expect(post("{\"api_key\":\"k\",\(event),\"options\":7}").0.status == 400)
    }

    @Test(
        "What all events have in common is said once",
        arguments: [
            ("", 400, "Invalid JSON request body"), ("[]", 400, "Invalid JSON request body"),
            ("{}", 400, #""missing_field":"api_key""#),
            (#"{"api_key":7}"#, 400, #""missing_field":"api_key""#),
            (#"{"api_key":"k"}"#, 400, #""missing_field":"events""#),
            (#"{"api_key":"k","events":7}"#, 400, #""missing_field":"events""#),
        ])
    func refused(body: String, status: Int, part: String) {
        let (answer, events) = post(body)
        #expect(answer.status == status && events.isEmpty)
        #expect(text(answer).contains(part))
    }

    @Test("Limits and keys are Amplitude's")
    func limits() {
        var settings = AmplitudeSettings()
        settings.apiKeys = ["a", "b"]
        settings.eventsPerRequest = 1
        settings.bodyBytes = 200
        #expect(text(post(#"{"api_key":"c","events":[]}"#, settings).0).contains("\"error\":\"Invalid API key\""))
        #expect(post(#"{"api_key":"b","events":[]}"#, settings).0.status == 200)
        #expect(post(#"{"api_key":"b","events":[{},{}]}"#, settings).0.status == 413)
        #expect(post(String(repeating: " ", count: 201), settings).0.status == 413)
        #expect(post(String(repeating: " ", count: 201), path: "/batch", settings).0.status == 400)
    }

    private func post(_ body: String, _ settings: AmplitudeSettings) -> (CollectedAnswer, [ReadEvent]) {
        post(body, path: "/2/httpapi", settings)
    }
}
