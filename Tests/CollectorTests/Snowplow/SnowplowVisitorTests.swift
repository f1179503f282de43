import CoreIngest
import Testing

@testable import Collector

@Suite("Snowplow's visitors, redirects and Iglu's webhook")
struct SnowplowVisitorTests {
    private func get(
        _ query: String, _ headers: KeyValuePairs<String, String> = [:], _ settings: SnowplowSettings = .init()
    ) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(.get, "/i", query: query, headers: headers).answer(of: SnowplowHandler(settings))
    }

    private func cookie(_ answer: CollectedAnswer) -> String? {
        answer.headers.first { $0.name == "Set-Cookie" }?.value
    }

    @Test("The network user id is the parameter's, else the cookie's, else a new one, and the cookie says it")
    func networkUser() {
        let (first, events) = get("e=pv")
        let id = cookie(first)?.dropFirst(3).prefix(36) ?? ""
        #expect(events[0].contexts[0].contains("\"network_userid\":\"\(id)\""))
        #expect(Array(id.utf8).withUnsafeBytes { EventUUID($0) } != nil)
        #expect(cookie(get("e=pv", ["Cookie": "a=b; sp=abc"]).0)?.hasPrefix("sp=abc;") == true)
        #expect(cookie(get("e=pv&nuid=me", ["Cookie": "sp=abc"]).0)?.hasPrefix("sp=me;") == true)
        // An id goes into a header: what is not plain is not taken.
        #expect(cookie(get("e=pv&nuid=a%0D%0Ab", ["Cookie": "sp=abc"]).0)?.hasPrefix("sp=abc;") == true)
        #expect(get("e=pv&tnuid=t&nuid=n").1[0].contexts[0].contains(#""network_userid":"t""#))
    }

    @Test("An anonymous visitor has no id and no address, and a cookie that came is taken back")
    func anonymous() {
        let (answer, events) = get("e=pv&ip=1.2.3.4&tnuid=x", ["SP-Anonymous": "*", "Cookie": "sp=abc"])
        #expect(cookie(answer)?.hasPrefix("sp=; Max-Age=0;") == true)
        #expect(events[0].contexts[0].contains(#""network_userid":"00000000-0000-0000-0000-000000000000""#))
        #expect(!events[0].contexts[0].contains("user_ipaddress"))
        #expect(cookie(get("e=pv", ["SP-Anonymous": "*"]).0) == nil)
    }

    @Test("Without a cookie in the settings none is set, and who asks not to be tracked is not")
    func withoutCookie() {
        var settings = SnowplowSettings()
        settings.cookie = nil
        let (answer, events) = get("e=pv", ["Cookie": "sp=abc"], settings)
        #expect(cookie(answer) == nil)
        #expect(!events[0].contexts[0].contains("network_userid"))
        settings = SnowplowSettings()
        settings.doNotTrack = .init(name: "dnt", value: "1")
        let (left, none) = get("e=pv", ["Cookie": "dnt=1"], settings)
        #expect(left.status == 200 && cookie(left) == nil && none.isEmpty)
        #expect(get("e=pv", ["Cookie": "dnt=0"], settings).1.count == 1)
    }

    @Test("A redirect goes to allowed hosts and is an event")
    func redirects() {
        var settings = SnowplowSettings()
        func go(_ query: String) -> (CollectedAnswer, [ReadEvent]) {
            SampleRequest(.get, "/r/tp2", query: query).answer(of: SnowplowHandler(settings))
        }
        #expect(go("u=https%3A%2F%2Fa.example%2F").0.status == 404)
        settings.redirects = AllowedRedirects(hosts: ["a.example"])
        let (answer, events) = go("u=https%3A%2F%2Fa.example%2Fx%3Fy&aid=app")
        #expect(answer.status == 302)
        #expect(answer.headers.contains(.init("Location", "https://a.example/x?y")))
        #expect(events[0].schema == "iglu:com.snowplowanalytics.snowplow/uri_redirect/jsonschema/1-0-0")
        #expect(events[0].payload == #"{"uri":"https://a.example/x?y"}"#)
        #expect(go("u=https%3A%2F%2Fb.example%2F").0.status == 400)
        #expect(go("").0.status == 400)
        let (_, views) = go("u=https%3A%2F%2Fa.example%2F&e=pv")
        #expect(views[0].schema == "iglu:io.silverton/snowplow.page_view/jsonschema/1-0-0")
        #expect(
            views[0].contexts.contains(
                #"iglu:com.snowplowanalytics.snowplow/uri_redirect/jsonschema/1-0-0 {"uri":"https://a.example/"}"#))
    }

    private func iglu(
        _ method: RequestMethod, _ query: String, _ body: String = "", type: String = "application/json"
    ) -> (CollectedAnswer, [ReadEvent]) {
        SampleRequest(
            method, "/com.snowplowanalytics.iglu/v1", query: query, headers: ["Content-Type": type], body: body
        ).answer(of: SnowplowHandler())
    }

    @Test("Iglu's webhook takes a query, a form, JSON, arrays, and self-describing JSON")
    func iglu() {
        let schema = "iglu:com.acme/click/jsonschema/1-0-0"
        let query = "schema=iglu%3Acom.acme%2Fclick%2Fjsonschema%2F1-0-0"
        let cases: [(CollectedAnswer, [ReadEvent])] = [
            iglu(.get, "\(query)&a=1&a=2&aid=app&p=web"), iglu(.post, query, #"{"a":["1","2"]}"#),
            iglu(.post, query, "a=1&a=2", type: "application/x-www-form-urlencoded"),
            iglu(.post, "", "\(query)&a=1&a=2", type: "application/x-www-form-urlencoded"),
            iglu(.post, "", #"{"schema":"\#(schema)","data":{"a":["1","2"]}}"#),
            iglu(.post, query, #"[{"a":["1","2"]}]"#),
            iglu(.post, "", #"[{"schema":"\#(schema)","data":{"a":["1","2"]}}]"#),
        ]
        for (answer, events) in cases {
            #expect(answer.status == 200)
            #expect(events.map(\.schema) == [schema])
            #expect(events.map(\.payload) == [#"{"a":["1","2"]}"#])
        }
        #expect(cases[0].1[0].contexts[0].contains(#""app_id":"app","platform":"web""#))
        #expect(cases[1].1[0].contexts[0].contains(#""platform":"srv""#))
    }

    @Test("Iglu's webhook says what it lacks, and keeps the neighbours of what is no event")
    func igluRefusals() {
        #expect(iglu(.get, "a=1").0.status == 400)
        #expect(iglu(.post, "", "a=1", type: "application/x-www-form-urlencoded").0.status == 400)
        #expect(iglu(.post, "", "{").0.status == 400)
        let (answer, events) = iglu(.post, "", #"[{"a":1},{"schema":"s","data":{}}]"#)
        #expect(answer.status == 200)
        #expect(
            events.map(\.problem) == [
                "it is no {\"schema\":…,\"data\":…}, and no parameter 'schema' names its schema", "",
            ])
    }
}
