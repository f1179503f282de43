import CoreIngest
import HTTPClient
import SinkTesting
import Synchronization
import TestServers
import Testing

@testable import Registries

@Suite("Schemas in a bucket of Google Cloud Storage", .serialized, .timeLimit(.minutes(2)))
struct GCSRegistryTests {
    private func store(_ port: Int, bucket: String = "schemas", _ source: GoogleCredentialSource = .anonymous)
        -> GCSStore
    {
        let client = directClient()
        let environment = GoogleEnvironment(
            now: { 0 }, variable: { $0 == "GCE_METADATA_HOST" ? "127.0.0.1:\(port)" : nil })
        return GCSStore(
            RegistryRequests(url: "http://127.0.0.1:\(port)", client: client), bucket: bucket,
            credentials: GoogleCredentials(source, scope: GCSStore.scope, client: client, environment: environment))
    }

    @Test(
        "An emulator passes the conformance suite below a prefix that needs escaping",
        .enabled(if: Emulators.areInstalled, "skipped: no emulators; run scripts/install.sh test"))
    func conformance() throws {
        let emulator = try GCSEmulator(bucket: "schemas")
        let registry = BucketRegistry(store(emulator.port), prefix: "dir x/é+&=")
        for failure in try RegistryConformance.failures(registry) { Issue.record("\(failure)") }
    }

    /// What the emulator leaves out: preconditions, generations, pages and tokens. After the JSON API's documentation.
    private final class Stub: Sendable {
        let objects = Mutex<[String: (text: [UInt8], generation: Int)]>([:])
        let tokens = Atomic(0)

        func answer(_ request: StubHTTPRequest) -> StubHTTPReply {
            if request.path.hasPrefix("/computeMetadata/") {
                let number = tokens.add(1, ordering: .relaxed).newValue
                let token = #"{"access_token":"token\#(number)","expires_in":3600,"token_type":"Bearer"}"#
                return .answer(200, headers: ["Metadata-Flavor": "Google"], body: Array(token.utf8))
            }
            // The first token was revoked.
            guard request.headers["authorization"] == "Bearer token2" else { return .json(401, "{}") }
            if request.method == "POST" {
                guard request.path == "/upload/storage/v1/b/schemas/o", let key = request.query["name"] else {
                    return .json(404, #"{"error":{"message":"The specified bucket does not exist."}}"#)
                }
                return objects.withLock { objects in
                    if request.query["ifGenerationMatch"] == "0", objects[key] != nil { return .json(412, "{}") }
                    objects[key] = (request.body, objects.count + 1)
                    return .json(200, "{}")
                }
            }
            guard request.path.hasPrefix("/storage/v1/b/schemas/o") else {
                return .json(404, #"{"error":{"message":"The specified bucket does not exist."}}"#)
            }
            if request.path.hasSuffix("/o") {
                switch request.query["pageToken"] {
                case nil: return .json(200, #"{"items":[{"name":"a/b/jsonschema/1-0-0"}],"nextPageToken":"x/y="}"#)
                case "x%2Fy%3D": return .json(200, #"{"items":[{"name":"a/b/jsonschema/1-0-1"}]}"#)
                default: return .json(400, "{}")
                }
            }
            let key = String(request.path.split(separator: "/").last ?? "")
            guard let object = objects.withLock({ $0[key] }) else { return .text(404, "No such object: schemas/x") }
            if request.query["ifGenerationNotMatch"] == "\(object.generation)" { return .text(304, "") }
            return .answer(200, headers: ["x-goog-generation": "\(object.generation)"], body: object.text)
        }
    }

    @Test("Writes ask for generation 0, reads name the generation that is known, lists are read to their end")
    func preconditions() throws {
        let stub = Stub()
        let server = try StubHTTPServer { stub.answer($0) }
        let registry = BucketRegistry(store(server.port, .metadataServer), prefix: "")
        let name = try schemaName("iglu:a/b/jsonschema/1-0-0")
        let text = Array(#"{"type":"object"}"#.utf8)
        #expect(try registry.text(of: name) == nil)
        try registry.publish(text, as: name)
        #expect(server.requests.last?.query["ifGenerationMatch"] == "0")
        // A renewed token after the one that was refused, and then the same.
        #expect(stub.tokens.load(ordering: .relaxed) == 2)
        for _ in 0..<2 { #expect(try registry.text(of: name) == text) }
        #expect(server.requests.last?.query["ifGenerationNotMatch"] == "1")
        let second = store(server.port, .metadataServer)
        #expect(throws: SchemaError.self) { try second.put(Array("{}".utf8), "x") }
        #expect(try registry.versions(vendor: "a", name: "b").map(\.description) == ["1-0-0", "1-0-1"])
        #expect(
            #expect(throws: SchemaError.self) { try registry.publish(Array("{}".utf8), as: name) }?.code == .conflict)
    }

    @Test("Of two writers of one key the second is told, and the first text stays")
    func race() throws {
        let stub = Stub()
        let server = try StubHTTPServer { stub.answer($0) }
        let store = store(server.port, .metadataServer)
        #expect(try store.put(Array("1".utf8), "k"))
        #expect(try !store.put(Array("2".utf8), "k"))
        #expect(stub.objects.withLock { $0["k"]?.text } == Array("1".utf8))
    }

    @Test(
        "What the server refuses is one line that says what to do",
        arguments: [
            (401, "", "the credentials are not taken"), (403, "secret@account", "storage.objects.list to read"),
            (404, "The specified bucket does not exist.", "there is no such bucket"), (503, "", "it is asked again"),
            (400, "", "check the endpoint"), (200, "<html>", "what cannot be it"),
        ])
    func refusals(status: Int, text: String, expected: String) throws {
        let server = try StubHTTPServer { _ in .text(status, text) }
        let error = #expect(throws: SchemaError.self) {
            try BucketRegistry(store(server.port), prefix: "").text(of: schemaName("a/b/v1.0"))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret@") == false)
    }
}
