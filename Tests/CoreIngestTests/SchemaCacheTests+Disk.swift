import Glibc
import Synchronization
import TestServers
import Testing

@testable import CoreIngest

/// The copy on disk.
extension SchemaCacheTests {
    @Test("what was found is there after a restart without the registry, unless its file was damaged or purged")
    func warmStart() throws {
        let folder = try TestServers.TemporaryFolder("buzstore")
        let other = try #require(SchemaName(vendor: "com.acme", name: "b", version: .first))
        registry.set(name.description, #"{"type":"string"}"#)
        registry.set(other.description, "{}")
        func start() throws -> SchemaCache {
            SchemaCache(registry, store: try SchemaStore(folder: folder.path, mostBytes: 1 << 20), now: clock.now)
        }
        let first = try start()
        _ = first.validator(for: name)
        _ = first.validator(for: other)
        registry.setDown(true)
        let second = try start()
        #expect(word(second.validator(for: name)) == "found")
        #expect(try second.text(of: name) == Array(#"{"type":"string"}"#.utf8))
        #expect(second.statistics.restored == 1)
        try eventually("the failure is not noticed") { second.status.failingSeconds != nil }
        second.purge(name)
        #expect(word(try start().validator(for: name)) == "unavailable")
        let file = try #require(
            try ChildProcess.run(["ls", folder.path], folder: folder).split(separator: "\n").first {
                $0.hasSuffix(".schema")
            })
        let path = "\(folder.path)/\(file)"
        try writeText(readText(path).replacing("{}", with: "{ "), to: path)
        #expect(word(try start().validator(for: other)) == "unavailable")
        #expect(readText(path).isEmpty)
    }

    @Test("the disk copy keeps to its bound, and the oldest go first")
    func storeBound() throws {
        let folder = try TestServers.TemporaryFolder("buzstore")
        let store = try SchemaStore(folder: folder.path, mostBytes: 20_000)
        let text = [UInt8](repeating: 0x20, count: 1000)
        let names = try (0..<100).map { try #require(SchemaName(vendor: "com.acme", name: "n\($0)", version: .first)) }
        for name in names { store.keep(text, as: name) }
        #expect(store.text(of: names[99]) == text)
        #expect(store.text(of: names[0]) == nil)
        store.keep([UInt8](repeating: 0x20, count: 10_000), as: names[1])
        #expect(store.text(of: names[1]) == nil)
        let kept = names.count { store.text(of: $0) != nil }
        #expect((10...19).contains(kept))
        let again = try SchemaStore(folder: folder.path, mostBytes: 20_000)
        #expect(names.count { again.text(of: $0) != nil } == kept)
    }
}
