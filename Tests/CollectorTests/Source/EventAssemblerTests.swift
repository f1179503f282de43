import CoreIngest
import Synchronization
import Testing

@testable import Collector

@Suite("From collected events to records")
struct EventAssemblerTests {
    private final class Registry: SchemaRegistry {
        let texts: [String: String]
        let isDown = Atomic<Bool>(false)
        let description = "test"

        init(_ texts: [String: String]) { self.texts = texts }

        func text(of name: SchemaName) throws(SchemaError) -> [UInt8]? {
            if isDown.load(ordering: .relaxed) { throw SchemaError(.unavailable, "down") }
            return texts[name.description].map { Array($0.utf8) }
        }

        func versions(vendor: String, name: String) throws(SchemaError) -> [SchemaVersion] { [] }
        func names(most: Int) throws(SchemaError) -> [SchemaName]? { nil }
    }

    private let registry = Registry([
        "iglu:com.acme/a/jsonschema/1-0-0": #"{"type":"object","required":["id"]}"#,
        "iglu:com.acme/c/jsonschema/1-0-0": #"{"type":"object","properties":{"n":{"type":"integer"}}}"#,
        "iglu:com.acme/broken/jsonschema/1-0-0": "{",
    ])

    /// The envelope of one self-describing event, and how often the registry was waited for.
    private func envelope(_ body: String, patience: Int = 0) throws -> (line: String, waits: Int) {
        let schemas = SchemaCache(registry) { 0 }
        var waits = 0
        var events = CollectedEvents(ids: UUIDSource(seed: 1))
        let request = SampleRequest(.post, "/self-describing", body: body)
        events.beginRequest(at: request.receivedAt)
        _ = request.use { SelfDescribingHandler().handle($0, into: &events) }
        var assembler = EventAssembler(schemas, reporting: SchemaReporting()) { attempts in
            waits += 1
            return attempts < patience
        }
        var builder = EventBatchBuilder()
        assembler.beginBatch()
        var position = Position(commit: 1, ordinal: 0)
        for event in events.all {
            assembler.append(event, at: position, to: &builder)
            position.ordinal += 1
        }
        Validation.apply(to: &builder)
        let batch = builder.seal(
            source: SourceIdentity(name: "http", systemIdentifier: 1), acknowledge: 2, receivedAt: 0)
        let renderer = EventRenderer(instance: .init(name: "t", environment: "t", version: "t"))
        return (String(decoding: renderer.envelope(of: 0, in: batch), as: UTF8.self), waits)
    }

    private func event(_ schema: String, _ data: String, contexts: String = "") -> String {
        #"{"payload":{"schema":\#(schema),"data":\#(data)}\#(contexts.isEmpty ? "" : ",\"contexts\":\(contexts)")}"#
    }

    private let name = #""iglu:com.acme/a/jsonschema/1-0-0""#

    @Test("A valid event is valid, and two contexts of one schema become an array")
    func valid() throws {
        let contexts =
            #"{"iglu:com.acme/c/jsonschema/1-0-0":[{"n":1},{"n":2}],"iglu:com.acme/a/jsonschema/1-0-0":{"id":3}}"#
        let line = try envelope(event(name, #"{"id":1}"#, contexts: contexts)).line
        #expect(line.contains(#""isValid":true"#))
        #expect(!line.contains("validationError"))
        #expect(
            line.contains(
                #""contexts":{"iglu:com.acme/c/jsonschema/1-0-0":[{"n":1},{"n":2}],"iglu:com.acme/a/jsonschema/1-0-0":{"id":3}},"payload":{"id":1}}"#
            ))
        #expect(line.contains(#""protocol":"selfDescribing","schema":"iglu:com.acme/a/jsonschema/1-0-0""#))
    }

    @Test("What is wrong with payload and contexts is told together, each with its place")
    func invalid() throws {
        let line = try envelope(
            event(name, "{}", contexts: #"{"iglu:com.acme/c/jsonschema/1-0-0":[{"n":1},{"n":"x"}]}"#)
        ).line
        #expect(line.contains(#""isValid":false"#))
        #expect(line.contains(#""keyword":"required""#))
        #expect(line.contains(#""instancePath":"/contexts/iglu:com.acme~1c~1jsonschema~11-0-0/n","keyword":"type""#))
    }

    @Test(
        "A schema that cannot be had makes an event invalid, with the reason",
        arguments: [
            ("null", "the event names no schema"), (#""""#, "the event names no schema"),
            (#""x/../y""#, "the event's schema is no name of a schema"),
            (
                #""iglu:com.acme/none/jsonschema/1-0-0""#,
                "the registry has no schema iglu:com.acme/none/jsonschema/1-0-0"
            ),
            (
                #""iglu:com.acme/broken/jsonschema/1-0-0""#,
                "the schema iglu:com.acme/broken/jsonschema/1-0-0 cannot be used"
            ),
        ])
    func unknown(schema: String, message: String) throws {
        let line = try envelope(event(schema, #"{"id":1}"#)).line
        #expect(line.contains(#""isValid":false"#))
        #expect(line.contains(message), "\(line)")
        #expect(line.contains(#""payload":{"id":1}"#))
    }

    @Test(
        "A verdict of the event loop counts as long as the schema is the same, and is not needed",
        arguments: [
            // What the loop knows of the schema, what the source does, the payload; is the loop's verdict used, is it valid?
            ("{}", "{}", "1", true, true), ("{}", #"{"type":"object"}"#, "1", false, false),
            (#"{"type":"object"}"#, "{}", "1", false, true),
            (#"{"type":"object"}"#, #"{"type":"object"}"#, "1", false, false),
            ("", #"{"type":"object"}"#, "{}", false, true),
        ])
    func verdicts(ofLoop: String, ofSource: String, payload: String, isUsed: Bool, isValid: Bool) throws {
        let known = "iglu:com.acme/a/jsonschema/1-0-0"
        let source = SchemaCache(Registry([known: ofSource])) { 0 }
        let loop = ofLoop == ofSource ? source : SchemaCache(Registry([known: ofLoop])) { 0 }
        // The loop never asks the registry itself.
        if !ofLoop.isEmpty { _ = loop.validator(for: try #require(SchemaName(known))) }
        var events = CollectedEvents(ids: UUIDSource(seed: 1))
        events.judge = PayloadJudge(loop)
        let request = SampleRequest(.post, "/self-describing", body: event(name, payload))
        events.beginRequest(at: request.receivedAt)
        _ = request.use { SelfDescribingHandler().handle($0, into: &events) }
        let chunk = SpoolChunk()
        chunk.take(&events)
        var assembler = EventAssembler(source, reporting: SchemaReporting()) { _ in false }
        var builder = EventBatchBuilder()
        assembler.beginBatch()
        for event in CollectedEventSequence(chunk.bytes) {
            assembler.append(event, at: Position(commit: 1, ordinal: 0), judgedBy: chunk.validators, to: &builder)
        }
        #expect(builder.records[0].flags.contains(.passed) == isUsed)
        Validation.apply(to: &builder)
        #expect(builder.records[0].isInvalid == !isValid)
    }

    @Test("A registry that is down is asked again with patience, which is spent once an outage")
    func unavailable() throws {
        registry.isDown.store(true, ordering: .relaxed)
        let (line, waits) = try envelope(
            "[\(event(name, "{}")),\(event(#""iglu:com.acme/c/jsonschema/1-0-0""#, "{}"))]", patience: 3)
        #expect(waits == 4)
        #expect(line.contains(#""isValid":false"#))
        #expect(line.contains(#""keyword":"registry""#))
    }

    @Test("Events with known schemas between those with unknown ones do not make the registry waited for again")
    func outage() throws {
        let schemas = SchemaCache(registry) { 0 }
        _ = schemas.validator(for: try #require(SchemaName("iglu:com.acme/a/jsonschema/1-0-0")))
        registry.isDown.store(true, ordering: .relaxed)
        var waits = 0
        var assembler = EventAssembler(schemas, reporting: SchemaReporting()) { attempts in
            waits += 1
            return attempts < 3
        }
        var builder = EventBatchBuilder()
        assembler.beginBatch()
        for index in 0..<500 {
            var events = CollectedEvents(ids: UUIDSource(seed: UInt64(index)))
            let unknown = #""iglu:com.acme/n\#(index)/jsonschema/1-0-0""#
            let request = SampleRequest(
                .post, "/self-describing", body: "[\(event(name, #"{"id":1}"#)),\(event(unknown, "{}"))]")
            events.beginRequest(at: request.receivedAt)
            _ = request.use { SelfDescribingHandler().handle($0, into: &events) }
            for event in events.all {
                assembler.append(event, at: Position(commit: UInt64(index + 1), ordinal: 0), to: &builder)
            }
        }
        Validation.apply(to: &builder)
        #expect(waits == 4)
        #expect(builder.records.count { $0.flags.contains(.schemaUnavailable) } == 500)
        #expect(builder.records.count { !$0.isInvalid } == 500)
    }
}

@Suite("The deduplication window")
struct DeduplicationWindowTests {
    private func window(_ seconds: Int64, _ most: Int = 1000) -> DeduplicationWindow {
        DeduplicationWindow(.init(window: seconds * 1_000_000, mostIDs: most), seed: 7)
    }

    private func repeats(
        _ window: inout DeduplicationWindow, _ id: String, at commit: UInt64, _ seconds: Int64 = 0,
        _ protocol: CollectedProtocol = .segment
    ) -> Bool {
        Array(id.utf8).withUnsafeBytes {
            window.isRepetition(`protocol`, $0, at: Position(commit: commit, ordinal: 0), now: seconds * 1_000_000)
        }
    }

    @Test("An id is known for its time, by protocol; the same event read again is none")
    func known() {
        var window = window(10)
        #expect(!repeats(&window, "a", at: 1))
        #expect(repeats(&window, "a", at: 2))
        #expect(!repeats(&window, "a", at: 1))
        #expect(!repeats(&window, "a", at: 3, 0, .amplitude))
        #expect(!repeats(&window, "b", at: 4))
        #expect(repeats(&window, "a", at: 5, 9))
        #expect(!repeats(&window, "a", at: 6, 10))
        #expect(!repeats(&window, "", at: 7))
        #expect(!repeats(&window, "", at: 8))
    }

    @Test("The number of ids is bounded; off, nothing is remembered")
    func bounded() {
        var window = window(10, 3)
        for index in 0..<100 { #expect(!repeats(&window, "\(index)", at: UInt64(index))) }
        #expect(window.count == 3)
        #expect(repeats(&window, "99", at: 200))
        #expect(!repeats(&window, "0", at: 201))
        var off = self.window(0)
        #expect(!repeats(&off, "a", at: 1))
        #expect(!repeats(&off, "a", at: 2))
        #expect(off.count == 0)
    }
}
