import CoreIngest
import Testing

@testable import Collector

@Suite("CloudEvents")
struct CloudEventsTests {
    private func structured(_ body: String, type: String = "application/cloudevents+json") -> (
        CollectedAnswer, [ReadEvent]
    ) {
        SampleRequest(.post, "/cloudevents", headers: ["Content-Type": type], body: body).answer(
            of: CloudEventsHandler())
    }

    private static let required = #""specversion":"1.0","id":"a1","source":"/s","type":"t""#
    private static let attributes = "iglu:io.cloudevents/attributes/jsonschema/1-0-0"

    @Test("Every attribute is kept as it came, extensions too; null is as if it were not there")
    func attributes() {
        let (answer, events) = structured(
            #"""
            {"specversion":"1.0","id":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","source":"/s","type":"com.acme.order","time":"2026-11-21T05:21:11.311Z",
            "dataschema":"iglu:com.acme/order/jsonschema/1-0-0","subject":"é","datacontenttype":"application/json","ext":12345678901234567890,
            "flag":true,"none":null,"partitionkey":"k","data":{"total": 1.10}}
            """#)
        #expect(answer == .ok)
        #expect(events.count == 1)
        #expect(events[0].schema == "iglu:com.acme/order/jsonschema/1-0-0")
        #expect(events[0].payload == #"{"total": 1.10}"#)
        #expect(events[0].uuid == "9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events[0].timestamp == 1_795_238_471_311_000)
        #expect(events[0].deduplication == "/s\u{0}9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events[0].key == "k")
        #expect(
            events[0].contexts == [
                Self.attributes
                    + #" {"specversion":"1.0","id":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","source":"/s","type":"com.acme.order","#
                    + #""time":"2026-11-21T05:21:11.311Z","dataschema":"iglu:com.acme/order/jsonschema/1-0-0","subject":"é","#
                    + #""datacontenttype":"application/json","ext":12345678901234567890,"flag":true,"partitionkey":"k"}"#
            ])
    }

    @Test(
        "The checklist, structured: what keeps the specification is taken",
        arguments: [
            (#"{\#(required)}"#, ""), (#"{\#(required),"data":null}"#, "null"),
            (#"{\#(required),"data":"{\"a\":1}"}"#, #""{\"a\":1}""#),
            (#"{\#(required),"data":[1]}"#, "[1]"), (#"{\#(required),"data":true}"#, "true"),
            (#"{\#(required),"subject":null,"time":null,"dataschema":null}"#, ""),
            (#"{\#(required),"datacontenttype":"text/xml","data":"<a/>"}"#, #""<a/>""#),
            (
                #"{\#(required),"datacontenttype":"application/vnd.x+json; charset=utf-8","data_base64":"eyJhIjoxfQ=="}"#,
                #"{"a":1}"#
            ),
            (#"{\#(required),"data_base64":"eyJhIjoxfQ"}"#, #"{"a":1}"#),
            (#"{\#(required),"datacontenttype":"text/plain","data_base64":"w6k="}"#, #""é""#),
            (
                #"{\#(required),"datacontenttype":"application/octet-stream","data_base64":"AAECAw=="}"#,
                #"{"data_base64":"AAECAw=="}"#
            ),
            (#"{\#(required),"data":{"a":1},"data_base64":null}"#, #"{"a":1}"#),
            (
                #"{\#(required),"time":"1985-04-12T23:20:50.52Z","comexampleextension1":"value","comexampleothervalue":5}"#,
                ""
            ),
        ])
    func taken(body: String, payload: String) {
        let (answer, events) = structured(body)
        #expect(answer == .ok)
        #expect(events.map(\.payload) == [payload])
        #expect(events.map(\.problem) == [""])
    }

    @Test(
        "The checklist, structured: what breaks the specification is refused with what is wrong",
        arguments: [
            ("", "the body is not JSON: there is no value, at line 1, column 1 (byte 0)"),
            ("[]", "the body is no JSON object"),
            (#"{"specversion":"1.0","source":"/s","type":"t"}"#, "no CloudEvent: the attribute 'id' is missing"),
            (#"{"specversion":"1.0","id":"","source":"/s","type":"t"}"#, "no CloudEvent: 'id' is empty"),
            (#"{"specversion":"1.0","id":"1","source":"","type":"t"}"#, "no CloudEvent: 'source' is empty"),
            (#"{"specversion":"1.0","id":"1","source":"/s","type":""}"#, "no CloudEvent: 'type' is empty"),
            (
                #"{"specversion":"1.0","id":"1","source":"/s","type":null}"#,
                "no CloudEvent: the attribute 'type' is missing"
            ),
            (#"{"specversion":"0.3","id":"1","source":"/s","type":"t"}"#, "no CloudEvent: 'specversion' is not 1.0"),
            (#"{"specversion":1.0,"id":"1","source":"/s","type":"t"}"#, "no CloudEvent: 'specversion' is no string"),
            (#"{\#(required),"time":"yesterday"}"#, "no CloudEvent: 'time' is no time of RFC 3339"),
            (#"{\#(required),"time":"2026-02-30T00:00:00Z"}"#, "no CloudEvent: 'time' is no time of RFC 3339"),
            (#"{\#(required),"dataschema":""}"#, "no CloudEvent: 'dataschema' is empty"),
            (#"{\#(required),"subject":""}"#, "no CloudEvent: 'subject' is empty"),
            (#"{\#(required),"datacontenttype":"json"}"#, "no CloudEvent: 'datacontenttype' is no media type"),
            (#"{\#(required),"Ext":"1"}"#, "no CloudEvent: the name of an attribute is more than a-z and 0-9"),
            (#"{\#(required),"ex-t":"1"}"#, "no CloudEvent: the name of an attribute is more than a-z and 0-9"),
            (#"{\#(required),"":"1"}"#, "no CloudEvent: the name of an attribute is more than a-z and 0-9"),
            (
                #"{\#(required),"ext":{}}"#,
                "no CloudEvent: 'ext' is an object: attributes are strings, numbers and booleans"
            ),
            (
                #"{\#(required),"data":1,"data_base64":"MQ=="}"#,
                "no CloudEvent: 'data' and 'data_base64' are both there"
            ),
            (#"{\#(required),"data_base64":"a!"}"#, "no CloudEvent: 'data_base64' is not base64 (byte 1)"),
            (#"{\#(required),"data_base64":7}"#, "no CloudEvent: 'data_base64' is no string"),
            (
                #"{\#(required),"data_base64":"AAAA"}"#,
                "no CloudEvent: the data are not JSON: a byte that JSON does not allow here, at line 1, column 1 (byte 0)"
            ),
            (
                #"{"specversion":"1.0"}"#,
                "no CloudEvent: the attribute 'id' is missing; the attribute 'source' is missing; the attribute 'type' is missing"
            ),
        ])
    func refused(body: String, message: String) {
        let (answer, events) = structured(body)
        #expect(answer == .refusal(400, message))
        #expect(events.isEmpty)
    }

    @Test("What Buz took without the required attributes is kept, and told to be no CloudEvent; it can be refused")
    func buz() {
        let body = #"{"dataschema":"io.silverton/buz/example/gettingStarted/v1.0.json","data":{"userId":10}}"#
        let (answer, events) = structured(body)
        #expect(answer == .ok)
        #expect(events[0].schema == "io.silverton/buz/example/gettingStarted/v1.0.json")
        #expect(events[0].payload == #"{"userId":10}"#)
        #expect(events[0].problem.hasPrefix("the attribute 'specversion' is missing"))
        var settings = CloudEventsSettings()
        settings.requiresSpecificationVersion = true
        let strict = SampleRequest(
            .post, "/cloudevents", headers: ["Content-Type": "application/cloudevents+json"], body: body
        ).answer(of: CloudEventsHandler(settings))
        #expect(strict.answer.status == 400 && strict.events.isEmpty)
    }

    @Test(
        "The mode is told by the content type, whatever its case and parameters",
        arguments: [
            ("application/cloudevents+json", CloudEventsMode.structured),
            ("Application/CloudEvents+JSON; charset=UTF-8", .structured),
            ("application/cloudevents", .structured), ("application/cloudevents-batch+json;charset=utf-8", .batch),
            ("application/cloudevents+xml", .unknownFormat), ("application/cloudevents-batch+protobuf", .unknownFormat),
            ("application/cloudevents+avro", .unknownFormat), ("application/json", .binary), ("text/plain", .binary),
        ])
    func modes(type: String, mode: CloudEventsMode) {
        #expect(Array(type.utf8).withUnsafeBytes { CloudEventsMode(contentType: $0) } == mode)
        if mode == .unknownFormat { #expect(structured("{}", type: type).0.status == 415) }
    }

    @Test("A batch may be empty, and a bad event of it costs its neighbours nothing")
    func batch() {
        let type = "application/cloudevents-batch+json"
        #expect(structured("[]", type: type).0 == .ok)
        let (answer, events) = structured(
            #"[{\#(Self.required),"data":1},7,{"specversion":"1.0","id":"2"},{\#(Self.required),"data":2}]"#, type: type
        )
        #expect(answer == .ok)
        #expect(events.map(\.payload) == ["1", "7", "", "2"])
        #expect(
            events.map(\.problem) == [
                "", "in the body, /1 is no object",
                "the attribute 'source' is missing; the attribute 'type' is missing", "",
            ])
        #expect(structured("{}", type: type).0.status == 400)
    }

    private func binary(_ headers: KeyValuePairs<String, String>, _ body: [UInt8] = []) -> (
        CollectedAnswer, [ReadEvent]
    ) {
        SampleRequest(.post, "/cloudevents", headers: headers, body: body).answer(of: CloudEventsHandler())
    }

    @Test(
        "Header values lose their quotes, and one round of percent-encoding",
        arguments: [
            ("plain", "plain"), ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"), ("%e2%82%ac", "€"), ("%41", "A"),
            ("é", "é"),
            ("\"a b\"", "a b"), ("\"a\\\"b\"", "a\"b"), ("%2541", "%41"), ("100%", "100%"), ("%zz", "%zz"),
        ])
    func percent(sent: String, value: String) {
        let (answer, events) = binary([
            "ce-specversion": "1.0", "CE-ID": "1", "ce-source": "/s", "ce-type": "t", "Ce-Ext": sent,
        ])
        #expect(answer == .ok)
        var expected = ByteArena()
        expected.appendJSONString(text: value)
        #expect(
            events.first?.contexts == [
                Self.attributes
                    + #" {"specversion":"1.0","id":"1","source":"/s","type":"t","ext":\#(String(decoding: expected.bytes, as: UTF8.self))}"#
            ])
    }

    @Test(
        "Binary data are JSON, text or bytes, as the content type says",
        arguments: [
            ("application/json", Array(#"{"a":1}"#.utf8), #"{"a":1}"#), ("text/plain", Array("a\"b".utf8), #""a\"b""#),
            ("image/png", [0, 255], #"{"data_base64":"AP8="}"#), ("application/json", [], ""),
        ])
    func binaryData(type: String, body: [UInt8], payload: String) {
        let (answer, events) = binary(
            ["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "Content-Type": type], body)
        #expect(answer == .ok)
        #expect(events.map(\.payload) == [payload])
        #expect(events[0].contexts[0].contains("\"datacontenttype\":\"\(type)\""))
    }

    @Test("Binary mode refuses what breaks the specification")
    func binaryRefusals() {
        func message(_ headers: KeyValuePairs<String, String>, _ body: String = "") -> String {
            let (answer, events) = binary(headers, Array(body.utf8))
            #expect(answer.status == 400)
            #expect(events.isEmpty)
            return String(decoding: answer.body, as: UTF8.self)
        }
        #expect(message(["Content-Type": "application/json"], "{}").contains("no header ce-specversion"))
        #expect(message(["ce-specversion": "1.0", "ce-id": "1", "ce-type": "t"]).contains("'ce-source' is missing"))
        #expect(
            message(["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t", "ce-x": "%C0%A0"])
                .contains("not UTF-8"))
        #expect(
            message([
                "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t", "ce-datacontenttype": "a/b",
            ])
            .contains("must not be sent"))
        #expect(
            message(["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t", "ce-a-b": "1"]).contains(
                "a-z"))
        #expect(
            message(["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t", "ce-ID": "1"]).contains(
                "twice"))
        #expect(
            message(["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t"], "{").contains("not JSON")
        )
    }

    @Test("The handshake of webhooks grants an origin, or refuses it")
    func handshake() {
        func options(_ settings: CloudEventsSettings, _ headers: KeyValuePairs<String, String>) -> CollectedAnswer {
            SampleRequest(.options, "/cloudevents", headers: headers).answer(of: CloudEventsHandler(settings)).answer
        }
        var settings = CloudEventsSettings()
        let granted = options(
            settings, ["WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "120"])
        #expect(granted.status == 200)
        #expect(granted.headers.contains(.init("WebHook-Allowed-Origin", "eventemitter.example.com")))
        #expect(granted.headers.contains(.init("WebHook-Allowed-Rate", "*")))
        #expect(granted.headers.contains(.init("Allow", "POST")))
        settings.allowedOrigins = ["a.example"]
        settings.allowedRate = 100
        #expect(options(settings, ["WebHook-Request-Origin": "b.example"]).status == 403)
        #expect(
            options(settings, ["WebHook-Request-Origin": "a.example"]).headers.contains(
                .init("WebHook-Allowed-Rate", "100")))
        #expect(options(settings, [:]).status == 400)
    }
}
