import CoreIngest
import HTTPClient
import SinkTesting
import TestServers
import Testing

@testable import Registries

/// A client without the proxy that a test's environment may have.
func directClient() -> HTTPClient {
    var settings = HTTPClient.Settings()
    settings.proxy = .none
    return HTTPClient(settings)
}

func schemaName(_ text: String) throws -> SchemaName { try #require(SchemaName(text)) }

@Suite("Schemas behind a web server", .timeLimit(.minutes(2)))
struct WebRegistryTests {
    private let name: SchemaName
    init() throws { name = try schemaName("iglu:com.acme/a/jsonschema/1-0-0") }

    private func registry(
        _ server: StubHTTPServer, layout: WebRegistry.Layout = .iglu, timeout: Duration = .seconds(10),
        mostBytes: Int = 4 << 20
    ) -> WebRegistry {
        WebRegistry(
            RegistryRequests(
                url: server.url + "/schemas/", timeout: timeout, mostBytes: mostBytes, client: directClient()),
            layout: layout)
    }

    @Test("It passes the conformance suite, in both layouts", arguments: WebRegistry.Layout.allCases)
    func conformance(layout: WebRegistry.Layout) throws {
        let files = StubFileServer()
        let server = try StubHTTPServer { files.answer($0) }
        for failure in try RegistryConformance.failures(registry(server, layout: layout), [.noNames]) {
            Issue.record("\(failure)")
        }
    }

    @Test("A schema whose tag has not changed is not sent again")
    func tags() throws {
        let files = StubFileServer()
        files.set("/schemas/com.acme/a/jsonschema/1-0-0", #"{"type":"string"}"#)
        let server = try StubHTTPServer { files.answer($0) }
        let registry = registry(server)
        let text = try #require(try registry.text(of: name))
        #expect(try registry.text(of: name) == text)
        #expect(server.requests.map { $0.headers["if-none-match"] != nil } == [false, true])
        files.set("/schemas/com.acme/a/jsonschema/1-0-0", "{}")
        #expect(try registry.text(of: name) == Array("{}".utf8))
        files.set("/schemas/com.acme/a/jsonschema/1-0-0", nil)
        #expect(try registry.text(of: name) == nil)
        #expect(try registry.text(of: name) == nil)
        #expect(server.requests.last?.headers["if-none-match"] == nil)
    }

    @Test(
        "What is no schema is never taken for one: the registry counts as down, so that what is known is served on",
        arguments: [
            StubHTTPReply.text(200, "<html>welcome</html>"), .text(200, ""), .text(200, "[1]"), .text(200, "{\"a\":"),
            .json(200, #"{"self":{"vendor":"com.evil","name":"a","format":"jsonschema","version":"1-0-0"}}"#),
            .text(500, "oops\nsecond line"), .text(503, ""), .text(401, ""), .text(429, ""), .text(304, ""), .close,
            .raw(Array("garbage".utf8)), .silence, .drip(Array(repeating: 0x20, count: 1000), pauseMilliseconds: 5),
            .answer(302, headers: ["Location": "http://169.254.169.254/latest/"]),
            .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".utf8)),
        ])
    func garbage(reply: StubHTTPReply) throws {
        let server = try StubHTTPServer { _ in reply }
        let registry = registry(server, timeout: .milliseconds(300))
        let error = #expect(throws: SchemaError.self) { try registry.text(of: name) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("\n") == false)
        #expect(server.requests.count <= 1)
    }

    @Test("A schema of 5 MB is refused without being read to its end")
    func large() throws {
        let body = Array("{\"title\":\"".utf8) + [UInt8](repeating: 0x61, count: 5 << 20) + Array("\"}".utf8)
        let server = try StubHTTPServer { _ in .answer(200, body: body) }
        let error = #expect(throws: SchemaError.self) { try registry(server).text(of: name) }
        #expect(error?.code == .tooLarge)
        #expect(try registry(server, mostBytes: 6 << 20).text(of: name) == body)
    }

    @Test(
        "Versions come from lists of names and of objects; other answers are no list",
        arguments: [
            (
                StubHTTPReply.json(
                    200, #"["1-0-0","1-0-2.json","notes.txt",7,null,"iglu:com.acme/a/jsonschema/1-1-0"]"#),
                ["1-0-0", "1-0-2", "1-1-0"]
            ),
            (.json(200, #"[{"name":"1-0-0","type":"file"},{"name":"x"},{}]"#), ["1-0-0"]), (.text(404, ""), []),
            (.text(403, ""), []), (.json(200, "[]"), []), (.text(200, "<html>"), nil), (.json(200, "{}"), nil),
            (.text(500, ""), nil),
        ] as [(StubHTTPReply, [String]?)])
    func listings(reply: StubHTTPReply, expected: [String]?) throws {
        let server = try StubHTTPServer { _ in reply }
        let versions = try? registry(server).versions(vendor: "com.acme", name: "a").sorted().map(\.description)
        #expect(versions == expected)
        #expect(server.requests.first?.target == "/schemas/com.acme/a/jsonschema/")
        #expect(try registry(server).versions(vendor: "..", name: "a").isEmpty)
    }

    @Test("Nobody there, and a server that takes no PUT, are told apart from a conflict")
    func refusals() throws {
        let server = try StubHTTPServer { $0.method == "PUT" ? .text(405, "") : .text(404, "") }
        let error = #expect(throws: SchemaError.self) { try registry(server).publish(Array("{}".utf8), as: name) }
        #expect(error?.code == .denied)
        server.stop()
        let gone = #expect(throws: SchemaError.self) { try registry(server).text(of: name) }
        #expect(gone?.code == .unavailable)
    }

    @Test(
        "A real nginx serves schemas and lists their versions",
        .enabled(if: NginxServer.isInstalled, "nginx is not installed"))
    func nginx() throws {
        let server = try NginxServer(locations: "location /schemas/ { autoindex on; autoindex_format json; }")
        let folder = DirectoryRegistry(path: "\(server.folder.path)/www/schemas")
        let second = try schemaName("iglu:com.acme/a/jsonschema/1-0-1")
        try folder.publish(Array(#"{"type":"string"}"#.utf8), as: name)
        try folder.publish(Array(#"{"type":"object"}"#.utf8), as: second)
        let registry = WebRegistry(
            RegistryRequests(url: "http://127.0.0.1:\(server.port)/schemas", client: directClient()))
        for _ in 0..<2 { #expect(try registry.text(of: name) == Array(#"{"type":"string"}"#.utf8)) }
        #expect(try registry.versions(vendor: "com.acme", name: "a").max() == second.version)
        #expect(try registry.versions(vendor: "com.acme", name: "b").isEmpty)
        #expect(readText("\(server.folder.path)/access.log").contains(" 304 "))
    }
}
