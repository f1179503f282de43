import Glibc
import Synchronization
import TestServers
import Testing

@testable import CoreIngest

/// Names that nobody knows.
extension SchemaCacheTests {
    @Test("beyond so many unknown names in a second no more are asked for, and known ones are served on")
    func flood() throws {
        registry.set(name.description, "{}")
        let cache = cache { $0.mostMissesPerSecond = 50 }
        _ = cache.validator(for: name)
        for index in 0..<10_000 {
            let unknown = try #require(SchemaName(vendor: "com.acme", name: "n\(index)", version: .first))
            let expected = index < 50 ? "missing" : "refused unavailable"
            #expect(word(cache.validator(for: unknown)) == expected)
        }
        #expect(registry.questions == 51)
        #expect(cache.statistics.throttled == 9950)
        #expect(cache.statistics.entries == 51)
        clock.advance(seconds: 1)
        let late = try #require(SchemaName(vendor: "com.acme", name: "n9999", version: .first))
        registry.set(late.description, "{}")
        #expect(word(cache.validator(for: late)) == "found")
    }

    @Test("names that take time to turn out missing are waited for a while only; known ones never wait")
    func waste() throws {
        let slow = SlowRegistry(registry, clock)
        registry.set(name.description, "{}")
        let cache = SchemaCache(slow, now: clock.now)
        #expect(word(cache.validator(for: name)) == "found")
        func unknown(_ index: Int) throws -> String {
            word(
                cache.validator(for: try #require(SchemaName(vendor: "com.acme", name: "n\(index)", version: .first))))
        }
        // Each takes 20 ms of the clock, and a quarter of what passes is paid back.
        slow.step.store(20_000, ordering: .relaxed)
        var waited = 0
        while try unknown(waited) == "missing" { waited += 1 }
        #expect((13...20).contains(waited))
        slow.step.store(0, ordering: .relaxed)
        try eventually("the last is not asked for") { cache.statistics.entries == waited + 2 }
        #expect(try unknown(waited) == "missing")
        #expect(cache.status.failingSeconds == nil)
        for index in 100..<200 {
            _ = try unknown(index)
            #expect(word(cache.validator(for: name)) == "found")
        }
        clock.advance(seconds: 4)
        #expect(try unknown(1000) == "missing")
    }

    @Test("strange names leave room for the contracts of tables, which are asked for first")
    func priority() throws {
        let gate = GatedRegistry(registry)
        registry.set("iglu:com.acme/t/jsonschema/1-0-0", "{}")
        var settings = SchemaCache.Settings()
        settings.patience = .milliseconds(20)
        let cache = SchemaCache(gate, settings: settings, now: clock.now)
        for index in 0..<1000 {
            _ = cache.validator(for: try #require(SchemaName(vendor: "com.acme", name: "n\(index)", version: .first)))
        }
        let asked = cache.statistics.fetches
        for index in 0..<100 {
            #expect(throws: SchemaError.self) {
                try cache.contract(vendor: "com.acme", name: "t\(index == 0 ? "" : "\(index)")", afresh: false)
            }
        }
        #expect(cache.statistics.fetches == asked + 100)
        gate.open()
        try eventually("the contract does not come") {
            (try? cache.contract(vendor: "com.acme", name: "t", afresh: false))?.name.version == .first
        }
    }

    @Test("ten thousand unknown names stay within the bound, and what is in use stays")
    func bounded() throws {
        registry.set(name.description, "{}")
        let cache = cache {
            $0.mostBytes = 200_000
            $0.mostMissesPerSecond = .max
        }
        for index in 0..<10_000 {
            _ = cache.validator(for: try #require(SchemaName(vendor: "com.acme", name: "n\(index)", version: .first)))
            _ = cache.validator(for: name)
            #expect(cache.statistics.bytes <= 200_000)
        }
        #expect(registry.questions == 10_001)
        #expect(cache.statistics.evictions > 9_000)
    }
}
