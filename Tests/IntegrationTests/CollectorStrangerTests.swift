import Glibc
import TestServers
import Testing

/// What strangers send twice, or as names of schemas.
@Suite("What strangers send to the collector", .serialized)
struct CollectorStrangerTests {
    private static let body = ["Content-Type: application/json"]

    /// Posts a body, and answers the status.
    private func post(_ collector: CollectorSidecar, _ path: String, _ body: String, _ headers: [String] = body) throws
        -> String
    {
        try ChildProcess.run(
            ["curl", "-sS", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", "-d", body]
                + headers.flatMap { ["-H", $0] } + ["http://127.0.0.1:\(collector.port)\(path)"],
            folder: collector.sidecar.folder)
    }

    @Test("With a window, what comes again with its protocol's own id is left out; without one it is kept")
    func repetitions() throws {
        for window in ["", "deduplication: {window: 1h}"] {
            let collector = try CollectorSidecar(
                http: window,
                inputs: """
                    cloudevents: {enabled: true}
                    segment: {enabled: true}
                    amplitude: {enabled: true}
                    snowplow: {enabled: true}
                    """)
            try collector.sidecar.startReady()
            let cloud = ["Content-Type: application/cloudevents+json"]
            for _ in 0..<3 {
                for id in ["1", "2"] {
                    let uuid = "9c7d57a7-000f-44da-845e-03b4a5c6ad0\(id)"
                    for (path, body, headers) in [
                        ("/cloudevents", #"{"specversion":"1.0","id":"\#(id)","source":"/s","type":"t"}"#, cloud),
                        ("/cloudevents", #"{"specversion":"1.0","id":"\#(id)","source":"/other","type":"t"}"#, cloud),
                        ("/v1/track", #"{"event":"e","userId":"u","messageId":"m\#(id)"}"#, Self.body),
                        (
                            "/2/httpapi",
                            #"{"api_key":"k","events":[{"user_id":"user-1","event_type":"e","insert_id":"i\#(id)"}]}"#,
                            Self.body
                        ),
                        (
                            "/com.snowplowanalytics.snowplow/tp2",
                            #"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","p":"web","tv":"t","eid":"\#(uuid)"}]}"#,
                            Self.body
                        ),
                        ("/self-describing", CollectorSidecar.event("no id of its own"), Self.body),
                    ] { #expect(try post(collector, path, body, headers) == "200", "\(path)") }
                }
            }
            try eventually(within: 30, "all is handed on") {
                let handed = collector.sidecar.metric("buz_collector_events_total") ?? 0
                let left = collector.sidecar.metric("buz_collector_repetitions_total") ?? 0
                return handed + left == 36
            }
            let left = collector.sidecar.metric("buz_collector_repetitions_total") ?? -1
            #expect(left == (window.isEmpty ? 0 : 20))
            #expect(try collector.sidecar.terminate() == 0)
            try collector.sidecar.runUntilIdle()
            let lines = collector.sidecar.lines("events") + collector.sidecar.lines("invalid")
            #expect(lines.count == (window.isEmpty ? 36 : 16))
            #expect(lines.count { $0.contains("no id of its own") } == 6)
        }
    }

    @Test("No name of a schema makes the collector ask anybody but its registry, or read another file")
    func names() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                #expect(bind(listener, pointer, length) == 0)
                #expect(listen(listener, 16) == 0)
                #expect(getsockname(listener, pointer, &length) == 0)
            }
        }
        let place = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let collector = try CollectorSidecar(
            inputs: "webhook: {enabled: true}\npixel: {enabled: true}\nsnowplow: {enabled: true}")
        // A schema that anything would pass, just outside of the registry.
        try writeText("{}", to: "\(collector.sidecar.folder.path)/secret.json")
        try collector.sidecar.startReady()
        let names = [
            "http://\(place)/a/v1.0.json", "https://\(place)/a", "//\(place)/a/b/v1.0.json",
            "iglu:\(place)/a/jsonschema/1-0-0",
            "iglu:http://\(place)/a/jsonschema/1-0-0", "http:%2f%2f\(place)/a/v1.0", "file:///etc/passwd",
            "../secret.json", "com.acme/../../secret.json", "..%2f..%2fsecret.json", "iglu:../secret/jsonschema/1-0-0",
            "com.acme/..\\u002f..\\u002fsecret/v1.0.json", "com.acme/a\\u0000/v1.0.json", "/etc/passwd",
        ]
        for name in names {
            let event = "{\"payload\":{\"schema\":\"\(name)\",\"data\":{}}}"
            #expect(try post(collector, "/self-describing", event) == "200")
            let context =
                #"{"contexts":{"\#(name)":{}},"payload":{"schema":"iglu:com.acme/a/jsonschema/1-0-0","data":{"id":"c"}}}"#
            #expect(try post(collector, "/self-describing", context) == "200")
            let reference =
                #"{"payload":{"schema":"iglu:com.acme/a/jsonschema/1-0-0","data":{"id":"r","$schema":"\#(name)","$ref":"\#(name)"}}}"#
            #expect(try post(collector, "/self-describing", reference) == "200")
            let status = try post(collector, "/webhook/\(name)", "{}")
            #expect(["200", "400", "404"].contains(status), "/webhook/\(name): \(status)")
            let page = try ChildProcess.run(
                ["curl", "-sS", "--path-as-is", "http://127.0.0.1:\(collector.port)/s/\(name)"],
                folder: collector.sidecar.folder)
            #expect(!page.contains("root:") && page != "{}")
        }
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        let invalid = collector.events("invalid")
        #expect(invalid.count >= 2 * names.count)
        #expect(collector.events().count == names.count, "only those that name the registry's own schema are valid")
        #expect(collector.events().allSatisfy { $0.id == "r" })
        #expect(accept(listener, nil, nil) < 0 && errno == EAGAIN, "nobody came to \(place)")
    }
}
