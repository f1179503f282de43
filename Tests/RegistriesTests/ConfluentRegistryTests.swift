import CoreIngest
import HTTPClient
import SinkTesting
import TestServers
import Testing

@testable import Registries

@Suite("Schemas in a Confluent schema registry", .timeLimit(.minutes(2)))
struct ConfluentRegistryTests {
    private func registry(_ server: StubHTTPServer) -> ConfluentRegistry {
        ConfluentRegistry(RegistryRequests(url: server.url, client: directClient()))
    }

    @Test("It passes the conformance suite, with versions in order")
    func conformance() throws {
        let confluent = StubConfluentServer()
        let server = try StubHTTPServer { confluent.answer($0) }
        for failure in try RegistryConformance.failures(registry(server), [.versionsInOrder]) {
            Issue.record("\(failure)")
        }
    }

    @Test("Versions and names that it cannot hold are refused, and schemas of other types are told")
    func mapping() throws {
        let confluent = StubConfluentServer()
        let server = try StubHTTPServer { confluent.answer($0) }
        for name in [
            "iglu:com.acme/a/jsonschema/2-0-0", "iglu:com.acme/a/jsonschema/1-1-0", "iglu:com.acme/a/jsonschema/1-0-1",
            "iglu:com.acme/a.b/jsonschema/1-0-0",
        ] {
            let error = #expect(throws: SchemaError.self) {
                try registry(server).publish(Array("{}".utf8), as: schemaName(name))
            }
            #expect(error?.code == .conflict, "\(name)")
            #expect(try registry(server).text(of: schemaName(name)) == nil)
        }
        let avro = try StubHTTPServer { _ in .json(200, #"{"subject":"s","version":1,"id":1,"schema":"\"string\""}"#) }
        let error = #expect(throws: SchemaError.self) { try registry(avro).text(of: schemaName("com.acme/a/v1.0")) }
        #expect(error?.code == .malformed)
    }

    @Test(
        "What Confluent's own client registers is read, and it reads what is published",
        .enabled(
            if: PythonClients.python != nil, "skipped: no clients; run scripts/install.sh test, or set BUZ_CLIENTS"))
    func client() throws {
        let confluent = StubConfluentServer()
        let server = try StubHTTPServer { confluent.answer($0) }
        let published = Array(#"{"type":"object","title":"título 🐘 \"quoted\""}"#.utf8)
        try registry(server).publish(published, as: schemaName("iglu:com.acme/published/jsonschema/1-0-0"))
        let own = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let python = try #require(PythonClients.python)
        let read = try ChildProcess.run(
            [python, "/\(own)/Clients/confluent.py", server.url, "com.acme.published", "com.acme.registered"],
            folder: TemporaryFolder("confluent"))
        #expect(SchemaText.areEqual(Array(read.utf8), published))
        let registered = try registry(server).text(of: schemaName("iglu:com.acme/registered/jsonschema/1-0-0"))
        let text = String(decoding: try #require(registered), as: UTF8.self)
        #expect(text.contains("\"properties\": {\"a\": {\"type\": \"integer\"}}"))
        #expect(try registry(server).names(most: 9)?.count == 2)
    }
}
