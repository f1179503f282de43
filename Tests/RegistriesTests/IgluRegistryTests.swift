import CoreIngest
import HTTPClient
import SinkTesting
import TestServers
import Testing

@testable import Registries

@Suite("Schemas in an Iglu server", .timeLimit(.minutes(2)))
struct IgluRegistryTests {
    private let iglu = StubIgluServer(readKey: "read-key", writeKey: "write-key")

    private func registry(_ server: StubHTTPServer, key: String) -> IgluRegistry {
        IgluRegistry(RegistryRequests(url: server.url, headers: ["apikey": key], client: directClient()))
    }

    @Test("It passes the conformance suite, with versions in the order that the server asks for")
    func conformance() throws {
        let iglu = iglu
        let server = try StubHTTPServer { iglu.answer($0) }
        for failure in try RegistryConformance.failures(registry(server, key: "write-key"), [.versionsInOrder]) {
            Issue.record("\(failure)")
        }
    }

    @Test("A key that may only read publishes nothing, and one that may nothing reads nothing; no message has the key")
    func keys() throws {
        let iglu = iglu
        let server = try StubHTTPServer { iglu.answer($0) }
        let name = try schemaName("iglu:com.acme/a/jsonschema/1-0-0")
        let text = Array(#"{"self":{"vendor":"com.acme","name":"a","format":"jsonschema","version":"1-0-0"}}"#.utf8)
        let reader = registry(server, key: "read-key")
        let error = #expect(throws: SchemaError.self) { try reader.publish(text, as: name) }
        #expect(error?.code == .denied)
        #expect(error?.message.contains("read-key") == false)
        try registry(server, key: "write-key").publish(text, as: name)
        #expect(try reader.text(of: name) == text)
        #expect(try reader.names(most: 9) == [name])
        #expect(try registry(server, key: "wrong").text(of: name) == nil)
        let skipped = try schemaName("iglu:com.acme/a/jsonschema/1-0-5")
        let order = #expect(throws: SchemaError.self) {
            try registry(server, key: "write-key").publish(
                Array(#"{"self":{"vendor":"com.acme","name":"a","format":"jsonschema","version":"1-0-5"}}"#.utf8),
                as: skipped)
        }
        #expect(order?.code == .conflict)
    }
}
