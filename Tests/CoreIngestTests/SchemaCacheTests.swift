import Synchronization
import Testing

@testable import CoreIngest

/// A registry whose texts and failures are set, and whose questions are counted.
final class RecordingRegistry: WritableSchemaRegistry {
    private struct State {
        var texts: [String: String] = [:]
        var isDown = false
        var questions = 0
        var published: [String] = []
    }
    private let state = Mutex(State())

    var description: String { "recording" }
    var questions: Int { state.withLock { $0.questions } }
    func set(_ name: String, _ text: String?) { state.withLock { $0.texts[name] = text } }
    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        let (isDown, text) = state.withLock { state in
            state.questions += 1
            return (state.isDown, state.texts[name.description])
        }
        if isDown { throw SchemaError(.unavailable, "down") }
        return text.map { Array($0.utf8) }
    }

    func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] {
        let (isDown, names) = state.withLock { ($0.isDown, Array($0.texts.keys)) }
        if isDown { throw SchemaError(.unavailable, "down") }
        return names.compactMap { SchemaName(parsing: $0) }.filter { $0.vendor == vendor && $0.name == name }.map(
            \.version)
    }

    /// Versions, in the order in which they were published.
    var published: [String] { state.withLock { $0.published } }

    func publish(_ text: [UInt8], as name: SchemaName) throws(SchemaError) {
        if let present = try self.text(of: name) {
            if present == text { return }
            throw SchemaError(.conflict, "another is there")
        }
        state.withLock { state in
            state.texts[name.description] = String(decoding: text, as: UTF8.self)
            state.published.append("\(name.version)")
        }
    }

    func names(most: Int) throws(SchemaError) -> [SchemaName]? {
        let names = state.withLock { Array($0.texts.keys) }
        return Array(names.compactMap { SchemaName(parsing: $0) }.sorted().prefix(most))
    }
}

@Suite struct SchemaCacheTests {
    private final class Clock: Sendable {
        let time = Atomic<Int64>(0)
        func advance(seconds: Int64) { time.wrappingAdd(seconds * 1_000_000, ordering: .relaxed) }
        var now: @Sendable () -> Int64 { { self.time.load(ordering: .relaxed) } }
    }

    private let registry = RecordingRegistry()
    private let clock = Clock()
    private let name: SchemaName

    init() throws { name = try #require(SchemaName(vendor: "com.acme", name: "a", version: .first)) }

    private func cache(_ change: (inout SchemaCache.Settings) -> Void = { _ in }) -> SchemaCache {
        var settings = SchemaCache.Settings()
        change(&settings)
        return SchemaCache(registry, settings: settings, now: clock.now)
    }

    private func word(_ answer: SchemaCache.Answer) -> String {
        switch answer {
        case .found: "found"
        case .missing: "missing"
        case .refused(let error): "refused \(error.code)"
        case .unavailable: "unavailable"
        }
    }

    @Test("a schema is fetched once in its time to live, and again after it or after a purge")
    func timeToLive() {
        registry.set(name.description, "{}")
        let cache = cache()
        for _ in 0..<3 { #expect(word(cache.validator(for: name)) == "found") }
        #expect(registry.questions == 1)
        clock.advance(seconds: 300)
        _ = cache.validator(for: name)
        #expect(registry.questions == 2)
        cache.purge(name)
        _ = cache.validator(for: name)
        cache.purge()
        _ = cache.validator(for: name)
        #expect(registry.questions == 4)
        #expect(cache.statistics.entries == 1)
    }

    @Test("the lack of a schema is remembered for a shorter time, and so is one that cannot be used")
    func negative() {
        let cache = cache()
        for _ in 0..<3 { #expect(word(cache.validator(for: name)) == "missing") }
        #expect(registry.questions == 1)
        clock.advance(seconds: 10)
        registry.set(name.description, "{")
        for _ in 0..<3 { #expect(word(cache.validator(for: name)) == "refused notJSON") }
        #expect(registry.questions == 2)
        clock.advance(seconds: 10)
        registry.set(name.description, "{}")
        #expect(word(cache.validator(for: name)) == "found")
    }

    @Test("while the registry is down what was found is served on, and the rest is asked for again after a pause")
    func stale() throws {
        registry.set(name.description, "{}")
        let cache = cache()
        _ = cache.validator(for: name)
        registry.setDown(true)
        clock.advance(seconds: 301)
        for _ in 0..<5 { #expect(word(cache.validator(for: name)) == "found") }
        #expect(registry.questions == 2)
        #expect(cache.statistics.stale == 1)
        let other = try #require(SchemaName(vendor: "com.acme", name: "b", version: .first))
        for _ in 0..<5 { #expect(word(cache.validator(for: other)) == "unavailable") }
        #expect(registry.questions == 3)
        clock.advance(seconds: 1)
        registry.setDown(false)
        registry.set(other.description, "{}")
        #expect(word(cache.validator(for: other)) == "found")
        #expect(word(cache.validator(for: name)) == "found")
        #expect(registry.questions == 5)
    }

    @Test("ten thousand unknown names stay within the bound, and what is in use stays")
    func bounded() throws {
        registry.set(name.description, "{}")
        let cache = cache { $0.mostBytes = 200_000 }
        for index in 0..<10_000 {
            _ = cache.validator(for: try #require(SchemaName(vendor: "com.acme", name: "n\(index)", version: .first)))
            _ = cache.validator(for: name)
            #expect(cache.statistics.bytes <= 200_000)
        }
        #expect(registry.questions == 10_001)
        #expect(cache.statistics.evictions > 9_000)
    }

    @Test("many who ask for one name at once cause one question")
    func singleFlight() async {
        registry.set(name.description, "{}")
        let cache = cache()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { _ = cache.validator(for: self.name) } }
        }
        #expect(registry.questions == 1)
    }

    @Test(
        "names of schemas are taken by their grammar",
        arguments: [
            ("iglu:com.acme/a/jsonschema/1-0-0", true), ("iglu:com.acme/../jsonschema/1-0-0", false),
            ("iglu:../a/jsonschema/1-0-0", false), ("iglu:com.acme/a/jsonschema/0-0-0", false),
            ("iglu:a//jsonschema/1-0-0", false),
            ("iglu:a/b/c/d/1-0-0", false), ("http://a/b/c/1-0-0", false), ("iglu:a/b\u{0}/jsonschema/1-0-0", false),
            ("iglu:a/b/jsonschema/1-0", false), ("iglu:.a/b/jsonschema/1-0-0", false),
        ])
    func grammar(_ text: String, isName: Bool) { #expect((SchemaName(parsing: text) != nil) == isName) }
}
