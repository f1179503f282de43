import Glibc
import Synchronization
import TestServers
import Testing

@testable import CoreIngest

@Suite struct SchemaCacheTests {
    final class Clock: Sendable {
        let time = Atomic<Int64>(0)
        func advance(seconds: Int64) { time.wrappingAdd(seconds * 1_000_000, ordering: .relaxed) }
        var now: @Sendable () -> Int64 { { self.time.load(ordering: .relaxed) } }
    }

    /// The clock goes on with each question.
    final class SlowRegistry: SchemaRegistry {
        private let registry: any SchemaRegistry
        private let clock: Clock
        let step = Atomic<Int64>(0)

        init(_ registry: any SchemaRegistry, _ clock: Clock) {
            self.registry = registry
            self.clock = clock
        }

        var description: String { "slow" }

        func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
            clock.time.wrappingAdd(step.load(ordering: .relaxed), ordering: .relaxed)
            return try registry.text(of: name)
        }

        func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] { [] }
        func names(most: Int) throws(SchemaError) -> [SchemaName]? { nil }
    }

    let registry = RecordingRegistry()
    let clock = Clock()
    let name: SchemaName

    init() throws { name = try #require(SchemaName(vendor: "com.acme", name: "a", version: .first)) }

    func cache(_ change: (inout SchemaCache.Settings) -> Void = { _ in }) -> SchemaCache {
        var settings = SchemaCache.Settings()
        change(&settings)
        return SchemaCache(registry, settings: settings, now: clock.now)
    }

    func word(_ answer: SchemaCache.Answer) -> String {
        switch answer {
        case .found: "found"
        case .missing: "missing"
        case .refused(let error): "refused \(error.code)"
        case .unavailable: "unavailable"
        }
    }

    @Test("a schema is fetched once in its time to live; after it, it is served on while it is fetched again")
    func timeToLive() throws {
        registry.set(name.description, "{}")
        let cache = cache()
        for _ in 0..<3 { #expect(word(cache.validator(for: name)) == "found") }
        #expect(registry.questions == 1)
        clock.advance(seconds: 300)
        #expect(word(cache.validator(for: name)) == "found")
        try eventually("it is not asked again") { registry.questions == 2 && cache.statistics.entries == 1 }
        cache.purge(name)
        #expect(word(cache.validator(for: name)) == "found")
        cache.purge()
        #expect(word(cache.validator(for: name)) == "found")
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

    @Test("while the registry is down what was found is served on, and nothing is asked for during a pause")
    func stale() throws {
        registry.set(name.description, "{}")
        let cache = cache()
        _ = cache.validator(for: name)
        registry.setDown(true)
        clock.advance(seconds: 301)
        for _ in 0..<5 { #expect(word(cache.validator(for: name)) == "found") }
        try eventually("the failure is not noticed") { cache.status.failingSeconds != nil }
        #expect(registry.questions == 2)
        let other = try #require(SchemaName(vendor: "com.acme", name: "b", version: .first))
        for _ in 0..<5 { #expect(word(cache.validator(for: other)) == "unavailable") }
        #expect(registry.questions == 2)
        clock.advance(seconds: 7)
        #expect(word(cache.validator(for: other)) == "unavailable")
        #expect(registry.questions == 3)
        let status = cache.status
        #expect(status.failingSeconds == 7)
        #expect(status.lastError == "down")
        #expect(status.staleEntries == 1)
        #expect(status.oldestStaleSeconds == 8)
        #expect(throws: SchemaError.self) { try cache.latest(vendor: "com.acme", name: "a") }
        clock.advance(seconds: 1)
        registry.setDown(false)
        registry.set(other.description, "{}")
        #expect(word(cache.validator(for: other)) == "found")
        #expect(cache.status.failingSeconds == nil)
        #expect(cache.status.lastError == nil)
        #expect(try cache.latest(vendor: "com.acme", name: "b") == other)
        #expect(word(cache.validator(for: name)) == "found")
        try eventually("it is not asked again") { cache.status.staleEntries == 0 }
    }

    @Test("a list of versions is asked for again when its time is over, and served on only while the registry is down")
    func versions() throws {
        registry.set(name.description, "{}")
        let cache = cache()
        #expect(try cache.latest(vendor: "com.acme", name: "a") == name)
        let next = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-1"))
        registry.set(next.description, "{}")
        #expect(try cache.latest(vendor: "com.acme", name: "a") == name)
        clock.advance(seconds: 300)
        #expect(try cache.latest(vendor: "com.acme", name: "a") == next)
        registry.set(next.description, nil)
        registry.setDown(true)
        clock.advance(seconds: 300)
        #expect(try cache.latest(vendor: "com.acme", name: "a") == next)
        registry.setDown(false)
        cache.purge(next)
        #expect(try cache.latest(vendor: "com.acme", name: "a") == name)
    }

    @Test("a registry that hangs holds up the first caller for the patience, and then nobody")
    func slow() throws {
        let gate = GatedRegistry(registry)
        registry.set(name.description, "{}")
        var settings = SchemaCache.Settings()
        settings.patience = .milliseconds(20)
        settings.mostMissesPerSecond = .max
        let cache = SchemaCache(gate, settings: settings, now: clock.now)
        gate.open()
        #expect(word(cache.validator(for: name)) == "found")
        gate.close()
        for index in 0..<1000 {
            let other = try #require(SchemaName(vendor: "com.acme", name: "n\(index)", version: .first))
            #expect(word(cache.validator(for: other)) == "unavailable")
            #expect(word(cache.validator(for: name)) == "found")
        }
        // As many as threads ask and places to wait; the rest was not even noted.
        #expect(gate.waiting <= 4)
        #expect(cache.statistics.fetches <= 1 + 4 + 128)
        #expect(cache.status.lastError?.contains("has not answered") == true)
        gate.open()
        try eventually("it does not recover") { cache.status.failingSeconds == nil }
        try eventually("the questions are not worked off") { cache.statistics.entries > 128 }
        registry.set("iglu:com.acme/late/jsonschema/1-0-0", "{}")
        #expect(word(cache.validator(for: try #require(SchemaName(path: "com.acme/late/v1.json")))) == "found")
    }

    @Test(
        "what a schema refers to by name comes from the registry, and from disk without it; other addresses are not asked for"
    )
    func references() throws {
        let folder = try TestServers.TemporaryFolder("buzstore")
        let other = try #require(SchemaName(vendor: "com.acme", name: "b", version: .first))
        registry.set(name.description, #"{"properties":{"b":{"$ref":"\#(other)"}}}"#)
        registry.set(other.description, #"{"type":"integer"}"#)
        func passes(_ payload: String) throws -> Bool? {
            let cache = SchemaCache(
                registry, store: try SchemaStore(folder: folder.path, mostBytes: 1 << 20), now: clock.now)
            guard case .found(let validator) = cache.validator(for: name) else { return nil }
            var evaluator = SchemaEvaluator()
            return Array(payload.utf8).withUnsafeBytes { validator.passes($0, using: &evaluator) }
        }
        #expect(try passes(#"{"b":1}"#) == true)
        registry.setDown(true)
        #expect(try passes(#"{"b":"x"}"#) == false)
        registry.setDown(false)
        registry.set(name.description, #"{"properties":{"b":{"$ref":"http://169.254.169.254/latest"}}}"#)
        let cache = cache()
        #expect(word(cache.validator(for: name)) == "refused unresolvedReference")
    }

    @Test("asking and purging at once on many threads leaves counts that add up")
    func concurrency() async throws {
        let names = try (0..<20).map { try #require(SchemaName(vendor: "com.acme", name: "n\($0)", version: .first)) }
        for name in names.dropLast(5) { registry.set(name.description, #"{"type":"object"}"#) }
        let cache = cache { $0.mostBytes = 30_000 }
        let registry = registry
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<300 {
                        let name = names[(round * 7 + task) % names.count]
                        switch cache.validator(for: name) {
                        case .found(let validator): #expect(validator.schema == name)
                        case .missing, .unavailable, .refused: break
                        }
                        _ = try? cache.latest(vendor: name.vendor, name: name.name)
                        if round % 50 == task { cache.purge(round % 100 == task ? nil : name) }
                        if round % 40 == 0 { registry.setDown(task == 3) }
                        if round % 30 == 0 { clock.advance(seconds: 100) }
                        _ = cache.status
                    }
                }
            }
        }
        registry.setDown(false)
        cache.purge()
        for name in names { _ = cache.validator(for: name) }
        #expect(cache.statistics.bytes <= 30_000)
        #expect(cache.statistics.entries <= 20)
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
    func grammar(_ text: String, isName: Bool) {
        #expect((SchemaName(parsing: text) != nil) == isName)
        #expect((SchemaName(text) != nil) == isName)
    }

    @Test(
        "paths of schemas are taken by their grammar, with and without .json",
        arguments: [
            ("io.silverton/buz/internal/meta/v1.0", "iglu:io.silverton/buz.internal.meta/jsonschema/1-0-0"),
            ("io.silverton/buz/v2.json", "iglu:io.silverton/buz/jsonschema/2-0-0"),
            ("a/b/v1.2.3.json", "iglu:a/b/jsonschema/1-2-3"), ("a/b/jsonschema/1-2-3", "iglu:a/b/jsonschema/1-2-3"),
            ("a/b/jsonschema/1-2-3.json", "iglu:a/b/jsonschema/1-2-3"),
            ("a/v1.0", nil), ("/a/b/v1.0", nil), ("a//v1.0", nil), ("a/../b/v1.0", nil), ("../a/b/v1.0", nil),
            ("a/b/v1.0/", nil), ("a/b/v0.1", nil), ("a/b/v1.", nil), ("a/b/v1.0.0.0", nil), ("a/b/1.0", nil),
            ("a/b/v1.0.json.json", nil), ("http://a/b/v1.0", nil), ("a/b\u{0}/v1.0", nil), ("a/b%2f/v1.0", nil),
            ("a/b\n/v1.0", nil), ("a/b/V1.0", nil), ("a/.b/v1.0", nil), ("a/b./v1.0", nil), ("", nil), ("v1.0", nil),
        ] as [(String, String?)])
    func paths(_ text: String, expected: String?) throws {
        let name = SchemaName(text)
        #expect(name?.description == expected)
        guard let name, !text.contains("jsonschema") else { return }
        #expect(SchemaName(path: name.path) == name)
        #expect(SchemaName(path: name.path + ".json") == name)
    }
}
