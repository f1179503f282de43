import CoreIngest
import Testing

@testable import Collector

@Suite("Pixels")
struct PixelTests {
    private func get(_ path: String, _ query: String, _ settings: PixelSettings = .init()) -> (
        CollectedAnswer, [ReadEvent]
    ) {
        SampleRequest(.get, path, query: query).answer(of: PixelHandler(settings))
    }

    @Test("The query is the payload, and the answer a picture")
    func query() {
        let (answer, events) = get("/pixel", "a=1&b=%C3%A9&a=2")
        #expect(answer.status == 200 && answer.contentType == "image/png")
        #expect(answer.body.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(events.map(\.schema) == ["iglu:io.silverton/buz.pixel.arbitrary/jsonschema/1-0-0"])
        #expect(events.map(\.payload) == [#"{"a":["1","2"],"b":"é"}"#])
        #expect(get("/pixel/com.acme/seen/v1.0.json", "").1.map(\.schema) == ["iglu:com.acme/seen/jsonschema/1-0-0"])
        #expect(get("/pixel/com.acme/seen/v1.0.json", "").1.map(\.payload) == ["{}"])
        #expect(get("/pixel/../x", "").0.status == 400)
    }

    @Test("The parameter hbp holds JSON, in either alphabet", arguments: ["eyJhIjoiw6k_fiJ9", "eyJhIjoiw6k/fiJ9"])
    func base64(text: String) {
        #expect(get("/pixel", "hbp=\(text)").1.map(\.payload) == [#"{"a":"é?~"}"#])
    }

    @Test("What cannot be read is refused", arguments: ["hbp=!", "hbp=eyJh", "rto=https%3A%2F%2Fevil.example%2F"])
    func refused(query: String) {
        let (answer, events) = get("/pixel", query)
        #expect(answer.status == 400 && events.isEmpty)
    }

    @Test("A redirect goes to allowed hosts, and is no part of the payload")
    func redirect() {
        var settings = PixelSettings()
        settings.redirects = AllowedRedirects(hosts: ["a.example"])
        let (answer, events) = get("/pixel", "a=1&rto=https%3A%2F%2Fa.example%2Fx", settings)
        #expect(answer.status == 302)
        #expect(answer.headers == [.init("Location", "https://a.example/x")])
        #expect(events.map(\.payload) == [#"{"a":"1"}"#])
        #expect(get("/pixel", "rto=https%3A%2F%2Fb.example%2F", settings).0.status == 400)
    }
}
