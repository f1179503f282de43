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
}
