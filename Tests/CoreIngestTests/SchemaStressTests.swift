import Synchronization
import Testing

@testable import CoreIngest

/// Validation while schemas change, are purged and fall out of memory; run it under the thread sanitizer, too (CONTRIBUTING.md).
@Suite struct SchemaStressTests {
    private final class Clock: Sendable {
        let time = Atomic<Int64>(0)
    }

    /// What the shared schema wants `b` to be. All payloads fit one of them.
    private static let kinds = ["integer", "string"]

    @Test(
        "on many threads every verdict is one of the schema as it was or is, and after the last purge of the schema as it is"
    )
    func validationAndPurge() async throws {
        let registry = RecordingRegistry()
        let clock = Clock()
        let shared = try #require(SchemaName(parsing: "iglu:com.acme/shared/jsonschema/1-0-0"))
        let names = try (0..<6).map { try #require(SchemaName(vendor: "com.acme", name: "n\($0)", version: .first)) }
        for name in names {
            registry.set(
                name.description,
                ##"{"type":"object","properties":{"b":{"$ref":"com.acme/shared/v1.0.json"},"p":{"pattern":"^(?=a)a+$"}}}"##
            )
        }
        registry.set(shared.description, #"{"type":"integer"}"#)
        var settings = SchemaCache.Settings()
        settings.mostBytes = 20_000
        let cache = SchemaCache(registry, settings: settings, now: { clock.time.load(ordering: .relaxed) })
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask {
                    var evaluator = SchemaEvaluator()
                    for round in 0..<400 {
                        guard case .found(let validator) = cache.validator(for: names[(round + task) % names.count])
                        else { continue }
                        let integer = Self.passes(validator, #"{"b":1,"p":"aaa"}"#, &evaluator)
                        let string = Self.passes(validator, #"{"b":"x","p":"a"}"#, &evaluator)
                        #expect(integer != string)
                        #expect(!Self.passes(validator, #"{"b":1,"p":"ab"}"#, &evaluator))
                        let payload = Array(#"{"b":null}"#.utf8)
                        payload.withUnsafeBytes { #expect(validator.report($0).failures.count == 1) }
                    }
                }
            }
            group.addTask {
                for round in 0..<200 {
                    registry.set(shared.description, #"{"type":"\#(Self.kinds[round % 2])"}"#)
                    switch round % 4 {
                    case 0: cache.purge(shared)
                    case 1: cache.purge(names[round % names.count])
                    case 2: cache.purge()
                    default: clock.time.wrappingAdd(200_000_000, ordering: .relaxed)
                    }
                    _ = cache.status
                }
            }
        }
        registry.set(shared.description, #"{"type":"string"}"#)
        cache.purge(shared)
        var evaluator = SchemaEvaluator()
        for name in names {
            guard case .found(let validator) = cache.validator(for: name) else {
                Issue.record("\(name) is not found")
                continue
            }
            #expect(Self.passes(validator, #"{"b":"x"}"#, &evaluator))
        }
    }

    private static func passes(_ validator: PayloadValidator, _ payload: String, _ evaluator: inout SchemaEvaluator)
        -> Bool
    {
        Array(payload.utf8).withUnsafeBytes { validator.passes($0, using: &evaluator) }
    }
}
