import CoreIngest
import Testing

@testable import Collector

@Suite("Snowplow")
struct SnowplowTests {
    private let handler = SnowplowHandler()
    private let path = "/com.snowplowanalytics.snowplow/tp2"

    private func post(_ data: String, query: String = "") -> (CollectedAnswer, [ReadEvent]) {
        let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
        return SampleRequest(.post, path, query: query, body: #"{"schema":"\#(schema)","data":\#(data)}"#)
            .answer(of: handler)
    }

    private func get(_ query: String) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(.get, "/i", query: query).answer(of: handler)
    }

    @Test("A post is answered 'ok' and a pixel with a GIF of 43 bytes, both with cookie and origin")
    func answers() {
        let (ok, _) = post(#"[{"e":"pv"}]"#)
        #expect(ok.status == 200)
        #expect(ok.contentType.hasPrefix("text/plain"))
        #expect(String(decoding: ok.body, as: UTF8.self) == "ok")
        let (pixel, _) = get("e=pv")
        #expect(pixel.status == 200 && pixel.contentType == "image/gif" && pixel.body.count == 43)
        #expect(pixel.headers.contains(.init("Cache-Control", "no-cache, no-store, must-revalidate")))
        #expect(pixel.headers.contains(.init("Access-Control-Allow-Origin", "*")))
        #expect(pixel.headers.contains(.init("Access-Control-Allow-Credentials", "true")))
        let cookie = pixel.headers.first { $0.name == "Set-Cookie" }?.value ?? ""
        #expect(
            cookie.hasPrefix("sp=") && cookie.hasSuffix("; Max-Age=31536000; Path=/; SameSite=None; Secure; HttpOnly"))
    }

    @Test("A preflight is answered with the headers that trackers send")
    func preflight() {
        let (answer, events) = SampleRequest(.options, path, headers: ["Origin": "https://a.example"]).answer(
            of: handler)
        #expect(answer.status == 200 && events.isEmpty)
        #expect(answer.headers.contains(.init("Access-Control-Allow-Origin", "https://a.example")))
        #expect(answer.headers.contains(.init("Access-Control-Allow-Headers", "Content-Type, SP-Anonymous")))
        #expect(answer.headers.contains(.init("Access-Control-Max-Age", "3600")))
    }

    @Test(
        "Each type of event has its fields as payload, with a schema of ours",
        arguments: [
            (
                "pv", #""url":"http://x/","page":"T","refr":"r""#, "page_view",
                #"{"page_url":"http://x/","page_title":"T","page_referrer":"r"}"#
            ),
            (
                "pp", #""pp_mix":"0","pp_max":"1","pp_miy":"2","pp_may":"-3""#, "page_ping",
                #"{"pp_xoffset_min":0,"pp_xoffset_max":1,"pp_yoffset_min":2,"pp_yoffset_max":-3}"#
            ),
            (
                "se", #""se_ca":"c","se_ac":"a","se_la":"l","se_pr":"p","se_va":"1.50""#, "struct",
                #"{"se_category":"c","se_action":"a","se_label":"l","se_property":"p","se_value":1.50}"#
            ),
            (
                "se", #""ev_ca":"c","ev_ac":"a","ev_va":"x""#, "struct",
                #"{"se_category":"c","se_action":"a","se_value":"x"}"#
            ),
            (
                "tr", #""tr_id":"o","tr_tt":"10.5","tr_cu":"EUR""#, "transaction",
                #"{"tr_orderid":"o","tr_total":10.5,"tr_currency":"EUR"}"#
            ),
            (
                "ti", #""ti_id":"o","ti_sk":"s","ti_na":"n","ti_pr":"5","ti_qu":"2""#, "transaction_item",
                #"{"ti_orderid":"o","ti_sku":"s","ti_name":"n","ti_price":5,"ti_quantity":2}"#
            ),
            ("ad", #""ad_ba":"b","ad_uid":"u""#, "ad_impression", #"{"ad_bannerid":"b","ad_userid":"u"}"#),
        ])
    func types(type: String, members: String, name: String, payload: String) {
        let (_, events) = post("[{\"e\":\"\(type)\",\(members)}]")
        #expect(events.count == 1)
        #expect(events.first?.schema == "iglu:io.silverton/snowplow.\(name)/jsonschema/1-0-0")
        #expect(events.first?.payload == payload)
        #expect(events.first?.problem == "")
    }

    @Test("All other fields are a context: typed, with unknown parameters as they came")
    func canonical() {
        let (_, events) = post(
            #"""
            [{"e":"pv","eid":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","dtm":"1795216741217","stm":"1795216741000","tv":"py-1.1.0","tna":"ns",
            "aid":"app","p":"pc","uid":"u","duid":"d","tnuid":"n","vid":"3","res":"1024x768","vp":"1x2","ds":"1024","cookie":"1","f_pdf":"0",
            "cd":24,"ip":"1.2.3.4","ua":"U","xyz":"1","odd":{"a":[1]},"lang":null}]
            """#)
        #expect(
            events.first?.contexts == [
                "iglu:io.silverton/snowplow.event/jsonschema/1-0-0 "
                    + #"{"event":"page_view","app_id":"app","platform":"pc","event_id":"9c7d57a7-000f-44da-845e-03b4a5c6ad07","#
                    + #""name_tracker":"ns","v_tracker":"py-1.1.0","dvce_created_tstamp":"2026-11-20T23:19:01.217000Z","#
                    + #""dvce_sent_tstamp":"2026-11-20T23:19:01.000000Z","user_id":"u","domain_userid":"d","network_userid":"n","#
                    + #""domain_sessionidx":3,"user_ipaddress":"1.2.3.4","useragent":"U","br_cookies":true,"br_colordepth":24,"#
                    + #""br_features_pdf":false,"dvce_screenwidth":1024,"dvce_screenheight":768,"br_viewwidth":1,"br_viewheight":2,"#
                    + #""doc_width":"1024","collector_tstamp":"2026-11-20T23:19:01.217000Z","#
                    + #""derived_tstamp":"2026-11-20T23:19:01.217000Z","parameters":{"xyz":"1","odd":{"a":[1]}}}"#
            ])
        #expect(events.first?.uuid == "9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events.first?.deduplication == "9c7d57a7-000f-44da-845e-03b4a5c6ad07")
        #expect(events.first?.timestamp == 1_795_216_741_217_000)
        #expect(events.first?.key == "d")
    }

    static let selfDescribing =
        #"{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.acme/order/jsonschema/1-0-0","data":{"total":1.10,"s":"é?~þÿ"}}}"#
    static let contexts =
        #"{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[{"schema":"iglu:com.acme/user/jsonschema/1-0-0","data":{"a":"þÿ","n":12345678901234567890}},{"schema":"iglu:com.acme/user/jsonschema/1-0-0","data":{"a":"2"}}]}"#

    static func base64(_ text: String, forURL: Bool, isPadded: Bool) -> String {
        var arena = ByteArena()
        Array(text.utf8).withUnsafeBytes { arena.append(base64: $0) }
        var coded = String(decoding: arena.bytes, as: UTF8.self)
        if forURL { coded = String(coded.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }) }
        return isPadded ? coded : String(coded.prefix { $0 != "=" })
    }

    static func quoted(_ text: String) -> String {
        var arena = ByteArena()
        arena.appendJSONString(text: text)
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    @Test(
        "A self-describing event has its own schema and data, contexts of one schema are all kept, however they are encoded",
        arguments: [
            ["ue_pr": quoted(selfDescribing), "co": quoted(contexts)], ["ue_pr": selfDescribing, "co": contexts],
            [
                "ue_px": quoted(base64(selfDescribing, forURL: true, isPadded: true)),
                "cx": quoted(base64(contexts, forURL: true, isPadded: true)),
            ],
            [
                "ue_px": quoted(base64(selfDescribing, forURL: true, isPadded: false)),
                "cx": quoted(base64(contexts, forURL: false, isPadded: false)),
            ],
            [
                "ue_px": quoted(base64(selfDescribing, forURL: false, isPadded: true)),
                "cx": quoted(base64(contexts, forURL: false, isPadded: true)),
            ],
        ])
    func encodings(members: [String: String]) {
        let (_, events) = post("[{\"e\":\"ue\",\(members.map { "\"\($0)\":\($1)" }.joined(separator: ","))}]")
        #expect(events.first?.problem == "")
        #expect(events.first?.schema == "iglu:com.acme/order/jsonschema/1-0-0")
        #expect(events.first?.payload == #"{"total":1.10,"s":"é?~þÿ"}"#)
        #expect(
            events.first?.contexts.prefix(2) == [
                #"iglu:com.acme/user/jsonschema/1-0-0 {"a":"þÿ","n":12345678901234567890}"#,
                #"iglu:com.acme/user/jsonschema/1-0-0 {"a":"2"}"#,
            ])
    }

    @Test("A pixel's query takes both encodings, and a plus sign that became a space")
    func queries() {
        let coded = Self.base64(Self.selfDescribing, forURL: false, isPadded: true)
        let (_, events) = get("e=ue&ue_px=\(coded.replacing("=", with: "%3D"))&cx=")
        #expect(events.first?.schema == "iglu:com.acme/order/jsonschema/1-0-0")
        #expect(events.first?.problem == "")
    }

    @Test("The query's parameters go over those of every event of the body")
    func merging() {
        let (_, events) = post(#"[{"e":"pv","aid":"a"},{"e":"pv","aid":"b"}]"#, query: "aid=q&nuid=me")
        #expect(events.count == 2)
        #expect(events.allSatisfy { $0.contexts[0].contains(#""app_id":"q""#) })
        #expect(events.allSatisfy { $0.contexts[0].contains(#""network_userid":"me""#) })
    }

    @Test(
        "What trackers send wrong is kept with the reason, and answered 200",
        arguments: [
            (#"[{}]"#, "the parameter 'e' is missing: it names the type of the event"),
            (#"[{"e":"zz"}]"#, "the parameter 'e' is none of pv, pp, se, ue, tr, ti and ad"),
            (#"[{"e":7}]"#, "the parameter 'e' is none of pv, pp, se, ue, tr, ti and ad"),
            (#"[{"e":"ue"}]"#, "neither 'ue_pr' nor 'ue_px' holds the self-describing event"),
            (#"[{"e":"ue","ue_px":"a!"}]"#, "'ue_px' is not base64 (byte 1)"),
            (
                #"[{"e":"ue","ue_px":"AAAA"}]"#,
                "'ue_px' is not JSON: a byte that JSON does not allow here, at line 1, column 1 (byte 0)"
            ),
            (
                #"[{"e":"ue","ue_pr":"{"}]"#,
                "'ue_pr' is not JSON: the text ends inside a value, at line 1, column 2 (byte 1)"
            ),
            (#"[{"e":"ue","ue_pr":"[]"}]"#, "'ue_pr' holds no {\"schema\":…,\"data\":{\"schema\":…,\"data\":…}}"),
            (
                #"[{"e":"ue","ue_pr":"{\"data\":{\"schema\":1,\"data\":1}}"}]"#,
                "'ue_pr' holds no {\"schema\":…,\"data\":{\"schema\":…,\"data\":…}}"
            ),
            (
                #"[{"e":"pv","co":"{\"data\":[{\"schema\":\"a\",\"data\":1},{\"schema\":\"b\"}]}"}]"#,
                "in 'co', /data/1 is no {\"schema\":…,\"data\":…}"
            ),
            (#"[{"e":"pv","cx":"eyJhIjoxfQ"}]"#, "'cx' holds no {\"schema\":…,\"data\":[…]}"),
            ("[7]", "in the body, /data/0 is no object"),
            ("7", "the body is no {\"schema\":…,\"data\":[…]} of payload_data"),
        ])
    func wrong(data: String, problem: String) {
        let (answer, events) = post(data)
        #expect(answer.status == 200)
        #expect(events.map(\.problem) == [problem])
    }

    @Test("What could not be read is kept as it came")
    func keptAsItCame() {
        let (_, events) = post(#"[{"e":"ue","ue_px":"a!"},{"e":"pv"}]"#)
        #expect(events.count == 2)
        #expect(events[0].contexts[0].contains(#""parameters":{"ue_px":"a!"}"#))
        let (answer, broken) = SampleRequest(.post, path, body: "{\"data\":[").answer(of: handler)
        #expect(answer.status == 200)
        #expect(broken.map(\.payload) == [#""{\"data\":[""#])
        #expect(
            broken[0].problem == "the body is not JSON: the text ends inside a value, at line 1, column 10 (byte 9)")
    }

    @Test("An event that is too large is cut, and its neighbours are kept whole")
    func large() {
        var limits = CollectedEvents.Limits()
        limits.eventBytes = 4000
        let large = String(repeating: "x", count: 5000)
        let (answer, events) = SampleRequest(
            .post, path, body: #"{"data":[{"e":"pv"},{"e":"pv","page":"\#(large)"},{"e":"pv"}]}"#
        ).answer(of: handler, limits: limits)
        #expect(answer.status == 200)
        #expect(events.count == 3)
        #expect(events[1].problem == "the event has more than 4000 bytes; its first 500 bytes are kept")
        #expect(events[2].problem == "")
    }

    @Test("Times of the device are corrected only when it sent after it created")
    func derivedTime() {
        func derived(_ query: String) -> String? {
            get("e=pv&\(query)").1.first?.contexts[0].split(separator: "derived_tstamp\":\"").last.map {
                String($0.prefix(27))
            }
        }
        #expect(derived("dtm=1795216740000&stm=1795216741000") == "2026-11-20T23:19:00.217000Z")
        #expect(derived("dtm=1795216741217&stm=1795216741000") == "2026-11-20T23:19:01.217000Z")
        #expect(derived("dtm=1795216741217") == "2026-11-20T23:19:01.217000Z")
        #expect(derived("ttm=1795216700000&dtm=5&stm=9") == "2026-11-20T23:18:20.000000Z")
        #expect(derived("dtm=abc&stm=9") == "2026-11-20T23:19:01.217000Z")
    }
}
