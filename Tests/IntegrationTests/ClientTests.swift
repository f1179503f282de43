import Glibc
import TestServers
import Testing

/// The clients that applications have already, unmodified, through the collector into a file.
@Suite("Clients of the collector", .serialized)
struct ClientTests {
    private static let script: String = {
        let own = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        return "/\(own)/Clients/clients.py"
    }()

    private func writeSchema(_ name: String, _ text: String, below folder: String) throws {
        var path = folder
        for part in name.split(separator: "/").dropLast() {
            path += "/\(part)"
            mkdir(path, 0o755)
        }
        try writeText(text, to: "\(folder)/\(name)")
    }

    @Test(
        "snowplow-tracker, cloudevents, segment-analytics-python, amplitude-analytics and Buz's requests: every field arrives",
        .timeLimit(.minutes(3)),
        .enabled(
            if: PythonClients.python != nil, "skipped: no clients; run scripts/install.sh test, or set BUZ_CLIENTS"))
    func clients() throws {
        let python = try #require(PythonClients.python)
        let schemas = try TemporaryFolder("schemas")
        let sidecar = try Sidecar(
            collector: """
                snowplow: {enabled: true}
                cloudevents: {enabled: true}
                selfDescribing: {enabled: true}
                webhook: {enabled: true}
                pixel: {enabled: true}
                segment: {enabled: true, writeKeys: [wk]}
                amplitude: {enabled: true, apiKeys: [KEY]}
                squawkBox: {enabled: true}
                """,
            sinks: "- {name: lake, type: file, path: OUT, defaultOutput: events, deadletterOutput: invalid}",
            more: "registry: {backend: {type: file, path: \(schemas.path)}}")
        let folder = sidecar.folder.path
        defer { withExtendedLifetime(schemas) {} }
        try writeSchema(
            "com.acme/order/jsonschema/1-0-0",
            #"{"type":"object","required":["total"],"properties":{"total":{"type":"number"},"note":{"type":"string"}}}"#,
            below: schemas.path)
        try writeSchema(
            "com.acme/user/jsonschema/1-0-0", #"{"type":"object","properties":{"name":{"type":"string"}}}"#,
            below: schemas.path)
        try writeSchema(
            "io.silverton/buz.example.gettingStarted/jsonschema/1-0-0",
            #"{"type":"object","required":["userId","name","action"],"properties":{"userId":{"type":"integer"},"name":{"type":"string"},"action":{"type":"string"}},"additionalProperties":false}"#,
            below: schemas.path)
        try sidecar.startReady()
        let expected = "\(folder)/expected.json"
        try run([python, Self.script, "send", "\(sidecar.operationsPort)", expected], sidecar)
        #expect(try sidecar.terminate() == 0, "a graceful stop exits 0: \(sidecar.errors)")
        try sidecar.runUntilIdle()
        try run(
            [python, Self.script, "compare", expected] + sidecar.files("events") + sidecar.files("invalid"), sidecar)
    }

    private func run(_ arguments: [String], _ sidecar: Sidecar) throws {
        let child = try ChildProcess(arguments, folder: sidecar.folder)
        let code = try child.wait(seconds: 100)
        #expect(code == 0, "\(child.output.suffix(4000)) \(child.errors.suffix(2000)) \(sidecar.errors)")
    }
}
