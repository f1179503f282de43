import Glibc
import TestServers
import Testing

/// Keys of the collector that are seen only through the whole program.
@Suite("Settings of the collector", .serialized)
struct CollectorSettingsTests {
    @Test("Small batches, kept header fields, received events: all arrive, with what was asked for")
    func settings() throws {
        let collector = try CollectorSidecar(
            http: """
                acknowledge: received
                batch: {maxEvents: 3, maxBytes: 1KiB}
                events: {headers: [user-agent, x-trace], client: true}
                """)
        try collector.sidecar.startReady()
        let sent = try ChildProcess.run(
            [
                "curl", "-sS", "-A", "agent \"7\"", "-H", "X-Trace: t1", "-H", "Authorization: Bearer s3cret", "-d",
                "[" + (0..<50).map { CollectorSidecar.event("\($0)") }.joined(separator: ",") + "]",
                "http://127.0.0.1:\(collector.port)/self-describing",
            ], folder: collector.sidecar.folder)
        #expect(sent == #"{"message":"ok"}"#)
        try eventually(within: 30, "\(collector.events().count) of 50 arrive") { collector.events().count == 50 }
        let events = collector.events()
        #expect(events.map(\.id) == (0..<50).map { "\($0)" })
        #expect(
            events.allSatisfy {
                $0.line.contains(
                    #""iglu:io.silverton.buz/request/jsonschema/1-0-0":{"client":"127.0.0.1","headers":{"user-agent":"agent \"7\"","x-trace":"t1"}}"#
                )
            }, "\(events.first?.line ?? "")")
        #expect(!events.contains { $0.line.contains("s3cret") })
        // Answered at once and synced a second later: nothing is left behind at an orderly end.
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        #expect(collector.events().count == 50)
    }

    @Test("The purge has the path of its own on the collector's port")
    func purge() throws {
        let collector = try CollectorSidecar(registry: ", purge: {path: /admin/forget}")
        try collector.sidecar.startReady()
        #expect(collector.sidecar.get("/admin/forget")?.body == #"{"message":"cache purged"}"#)
        #expect(collector.sidecar.get("/c/purge")?.status == 404)
        #expect(try collector.sidecar.terminate() == 0)
    }

    @Test("A cookie asks not to be tracked, and a CloudEvent without its version is refused, where that is configured")
    func strictness() throws {
        let collector = try CollectorSidecar(
            inputs: """
                snowplow: {enabled: true, doNotTrackCookie: dnt=yes}
                cloudevents: {enabled: true, requireSpecversion: true}
                """)
        try collector.sidecar.startReady()
        func curl(_ arguments: [String], _ path: String) throws -> String {
            try ChildProcess.run(
                ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}"] + arguments + [
                    "http://127.0.0.1:\(collector.port)\(path)"
                ], folder: collector.sidecar.folder)
        }
        #expect(try curl(["-H", "Cookie: dnt=yes"], "/i?e=pv&p=web&tv=t&aid=hidden") == "200")
        #expect(try curl(["-H", "Cookie: dnt=no"], "/i?e=pv&p=web&tv=t&aid=shown") == "200")
        let event = #"{"id":"1","source":"/s","type":"t","data":{}}"#
        #expect(try curl(["-H", "Content-Type: application/cloudevents+json", "-d", event], "/cloudevents") == "400")
        #expect(try collector.sidecar.terminate() == 0)
        try collector.sidecar.runUntilIdle()
        let lines = collector.sidecar.lines("events") + collector.sidecar.lines("invalid")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("shown") == true)
    }
}
