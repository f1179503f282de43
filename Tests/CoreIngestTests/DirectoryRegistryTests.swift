import Glibc
import SinkTesting
import TestServers
import Testing

@testable import CoreIngest

@Suite("Schemas in a folder")
struct DirectoryRegistryTests {
    private let folder: TestServers.TemporaryFolder
    private let registry: DirectoryRegistry

    init() throws {
        folder = try TestServers.TemporaryFolder("buzschemas")
        registry = DirectoryRegistry(path: "\(folder.path)/not/yet/there")
    }

    @Test("it passes the conformance suite of registries")
    func conformance() throws {
        for failure in try RegistryConformance.failures(registry) { Issue.record("\(failure)") }
    }

    @Test("files may end in .json, and other files are none of its own")
    func layout() throws {
        let name = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-0"))
        try registry.publish(Array("{}".utf8), as: name)
        let place = registry.folder(of: name)
        try writeText(#"{"a":1}"#, to: "\(place)/1-0-2.json")
        for file in ["notes.txt", ".1-0-7", "1-0", "1-0-8.json.bak"] { try writeText("x", to: "\(place)/\(file)") }
        mkdir("\(place)/1-0-9", 0o755)
        let second = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-2"))
        #expect(try registry.text(of: second) == Array(#"{"a":1}"#.utf8))
        #expect(try registry.text(of: #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-9"))) == nil)
        #expect(throws: SchemaError.self) { try registry.publish(Array("{}".utf8), as: second) }
        #expect(try registry.versions(vendor: "..", name: "a").isEmpty)
        let small = DirectoryRegistry(path: registry.path, mostBytes: 3)
        #expect(throws: SchemaError.self) { try small.text(of: second) }
        #expect(throws: SchemaError.self) { try small.publish(Array("true ".utf8), as: name) }
    }

    @Test("of many who publish under one name, one text stays, and no file is left over")
    func race() async throws {
        let name = try #require(SchemaName(parsing: "iglu:com.acme/race/jsonschema/1-0-0"))
        let registry = registry
        let winners = await withTaskGroup(of: Int?.self) { group in
            for index in 0..<16 {
                group.addTask {
                    (try? registry.publish(Array(#"{"title":"\#(index)"}"#.utf8), as: name)) == nil ? nil : index
                }
            }
            return await group.reduce(into: []) { list, index in if let index { list.append(index) } }
        }
        #expect(winners.count == 1)
        let winner = try #require(winners.first)
        #expect(try registry.text(of: name) == Array(#"{"title":"\#(winner)"}"#.utf8))
        let listing = try ChildProcess.run(["ls", "-A", registry.folder(of: name)], folder: folder)
        #expect(listing == "1-0-0\n")
    }

    @Test("a folder that cannot be written is told in one line with its name")
    func unwritable() throws {
        try writeText("", to: "\(folder.path)/file")
        let blocked = DirectoryRegistry(path: "\(folder.path)/file/below")
        let name = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-0"))
        let error = #expect(throws: SchemaError.self) { try blocked.publish(Array("{}".utf8), as: name) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(folder.path) == true)
        #expect(error?.message.contains("\n") == false)
    }

    @Test(
        "an answer that is not the schema asked for is told from one that may be",
        arguments: [
            ("{}", nil), ("true", nil), ("<html>", "not JSON"), ("[]", "array"), ("null", "null"), ("", "not JSON"),
            (#"{"self":{"vendor":"com.acme","name":"a","format":"jsonschema","version":"1-0-0"}}"#, nil),
            (#"{"self":{"vendor":"com.other","name":"a","format":"jsonschema","version":"1-0-0"}}"#, "another"),
            (#"{"self":{"vendor":"com.acme","name":"a","format":"jsonschema","version":"1-0-1"}}"#, "another"),
            (#"{"self":{"vendor":"com.acme"}}"#, nil), (#"{"self":7}"#, nil),
        ] as [(String, String?)])
    func flaws(text: String, flaw: String?) throws {
        let name = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-0"))
        let found = SchemaText.flaw(Array(text.utf8), as: name)
        if let flaw { #expect(found?.contains(flaw) == true) } else { #expect(found == nil) }
    }
}
