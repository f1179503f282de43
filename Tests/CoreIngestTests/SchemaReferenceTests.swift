import Synchronization
import Testing

@testable import CoreIngest

/// What schemas of a registry refer to.
@Suite struct SchemaReferenceTests {
    private let registry = RecordingRegistry()
    private let name: SchemaName
    private let other: SchemaName
    private let cache: SchemaCache

    init() throws {
        name = try #require(SchemaName(parsing: "iglu:com.acme/a/jsonschema/1-0-0"))
        other = try #require(SchemaName(parsing: "iglu:com.acme/b/jsonschema/1-0-0"))
        cache = SchemaCache(registry, now: { 0 })
    }

    /// Whether the schema passes a payload; nil when it cannot be had.
    private func passes(_ payload: String) -> Bool? {
        guard case .found(let validator) = cache.validator(for: name) else { return nil }
        var evaluator = SchemaEvaluator()
        return Array(payload.utf8).withUnsafeBytes { validator.passes($0, using: &evaluator) }
    }

    private func refer(to reference: String, _ more: String = "") {
        registry.set(name.description, #"{\#(more)"properties":{"b":{"$ref":"\#(reference)"}}}"#)
    }

    @Test(
        "a reference that is a name of the registry by the rules leads to that schema, in a fragment too",
        arguments: [
            "iglu:com.acme/b/jsonschema/1-0-0", "iglu:com.acme/b/jsonschema/1-0-0#", "com.acme/b/v1.0.json",
            "/com.acme/b/v1.0", "com.acme/b/v1#/definitions/c", "https://schemas.acme.com/s/com.acme/b/v1.0.json",
            "http://iglucentral.com/schemas/com.acme/b/jsonschema/1-0-0#", "http://169.254.169.254/s/com.acme/b/v1",
        ])
    func names(_ reference: String) {
        registry.set(other.description, #"{"type":"integer","definitions":{"c":{"type":"integer"}}}"#)
        refer(to: reference)
        #expect(passes(#"{"b":1}"#) == true)
        #expect(passes(#"{"b":"x"}"#) == false)
        refer(to: reference, #""$id":"https://acme.com/all/a.json","#)
        cache.purge(name)
        #expect(passes(#"{"b":"x"}"#) == false)
        #expect(registry.questions == 4)
    }

    @Test(
        "other references are refused, and the registry is not asked for anything by them",
        arguments: [
            "http://acme.com/b/v1.0.json", "https://acme.com/s/../b/v1.0.json",
            "https://acme.com/s/com.acme/b/v1.0.json?x",
            "ftp://acme.com/s/com.acme/b/v1.0", "file:///s/com.acme/b/v1.0", "//acme.com/com.acme/b/v1.0",
            "iglu:com.acme/b/v1.0", "iglu:com.acme/../b/1-0-0", "com.acme/b", "v1.0.json",
            "https://acme.com/s/com.acme/b%2f/v1.0",
        ])
    func strangers(_ reference: String) {
        registry.set(other.description, "{}")
        refer(to: reference)
        guard case .refused(let error) = cache.validator(for: name) else {
            Issue.record("it is not refused")
            return
        }
        #expect(error.code == .unresolvedReference)
        #expect(registry.questions == 1)
    }

    @Test("what is in the schema itself goes before the registry, and references in a circle end")
    func inside() {
        let inner = #""$defs":{"x":{"$id":"com.acme/b/v1.0.json","type":"integer"}},"#
        refer(to: "com.acme/b/v1.0.json", inner)
        #expect(passes(#"{"b":"x"}"#) == false)
        #expect(registry.questions == 1)
        refer(to: other.description)
        registry.set(other.description, #"{"type":"object","properties":{"a":{"$ref":"\#(name)"}}}"#)
        cache.purge()
        #expect(passes(#"{"b":{"a":{"b":{}}}}"#) == true)
        #expect(passes(#"{"b":{"a":{"b":1}}}"#) == false)
        #expect(registry.questions == 3)
    }

    @Test("a schema whose reference is missing is refused; one whose reference cannot be had now is asked for again")
    func classes() {
        func word(_ cache: SchemaCache) -> String {
            switch cache.validator(for: name) {
            case .found: "found"
            case .missing: "missing"
            case .refused(let error): "refused \(error.code)"
            case .unavailable: "unavailable"
            }
        }
        refer(to: other.description)
        #expect(word(cache) == "refused unresolvedReference")
        registry.set(other.description, "{")
        cache.purge(other)
        #expect(word(cache) == "refused notJSON")
        let halfDown = HalfDownRegistry(registry, without: other)
        let clock = Time()
        let second = SchemaCache(halfDown, now: { clock.now.load(ordering: .relaxed) })
        #expect(word(second) == "unavailable")
        registry.set(other.description, "{}")
        halfDown.isDown.store(false, ordering: .relaxed)
        clock.now.store(1_000_000, ordering: .relaxed)
        #expect(word(second) == "found")
    }

    @Test("a purge of a schema reaches all that were compiled with it, however far")
    func purge() throws {
        let third = try #require(SchemaName(parsing: "iglu:com.acme/c/jsonschema/1-0-0"))
        refer(to: other.description)
        registry.set(other.description, #"{"$ref":"\#(third)"}"#)
        registry.set(third.description, #"{"type":"integer"}"#)
        #expect(passes(#"{"b":"x"}"#) == false)
        registry.set(third.description, #"{"type":"string"}"#)
        #expect(passes(#"{"b":"x"}"#) == false)
        cache.purge(third)
        #expect(passes(#"{"b":"x"}"#) == true)
        let bytes = cache.statistics.bytes
        cache.purge(third)
        #expect(cache.statistics.bytes < bytes)
        #expect(cache.statistics.entries == 0)
    }

    @Test("schemas that refer to one another without end are refused after so many")
    func chain() throws {
        for index in 0..<200 {
            registry.set("iglu:com.acme/n\(index)/jsonschema/1-0-0", #"{"$ref":"com.acme/n\#(index + 1)/v1.0"}"#)
        }
        let first = try #require(SchemaName(path: "com.acme/n0/v1.0"))
        guard case .refused(let error) = cache.validator(for: first) else {
            Issue.record("it is not refused")
            return
        }
        #expect(error.code == .tooLarge)
        #expect(registry.questions == 65)
    }
}

private final class Time: Sendable {
    let now = Atomic<Int64>(0)
}

/// Does not answer for one schema.
private final class HalfDownRegistry: SchemaRegistry {
    private let registry: any SchemaRegistry
    private let name: SchemaName
    let isDown = Atomic(true)

    init(_ registry: any SchemaRegistry, without name: SchemaName) {
        self.registry = registry
        self.name = name
    }

    var description: String { "half down" }

    func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
        if name == self.name, isDown.load(ordering: .relaxed) { throw SchemaError(.unavailable, "down") }
        return try registry.text(of: name)
    }

    func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] { [] }
    func names(most: Int) throws(SchemaError) -> [SchemaName]? { nil }
}
