import Synchronization
import TestServers
import Testing

@testable import CoreIngest

/// Contracts that come, change and go while a table's rows flow.
@Suite struct SchemaContractTests {
    private static let columns = [StreamDescriptor.Column(name: "a", sqlType: "text", kind: .string(maxLength: nil))]
    private let registry = RecordingRegistry()
    private let lines = Lines()

    private final class Lines: Sendable {
        private let all = Mutex<[String]>([])
        func add(_ line: String) { all.withLock { $0.append(line) } }
        var count: Int { all.withLock { $0.count } }
    }

    private func catalog() throws -> SchemaCatalog { try catalog(cache(registry)) }

    private func catalog(_ contracts: SchemaCache, publisher: SchemaPublisher? = nil) throws -> SchemaCatalog {
        try SchemaCatalog(
            vendor: "com.acme", versions: SchemaVersions(.inMemory()), contracts: contracts, publisher: publisher,
            warn: { [lines] in lines.add($0) })
    }

    /// With a clock that goes on by a second whenever it is looked at: pauses are over soon.
    private func cache(
        _ registry: any SchemaRegistry, _ settings: SchemaCache.Settings = SchemaCache.Settings()
    ) -> SchemaCache {
        let clock = Mutex<Int64>(0)
        return SchemaCache(registry, settings: settings) {
            clock.withLock { time in
                time += 1_000_000
                return time
            }
        }
    }

    private func stream(_ catalog: SchemaCatalog) -> StreamDescriptor {
        catalog.stream(database: "shop", schema: "public", table: "t", columns: Self.columns, keyColumns: [])
    }

    private func passes(_ catalog: SchemaCatalog, _ payload: String) throws -> Bool {
        guard let validator = stream(catalog).validator else { return true }
        return report(validator, payload) == nil
    }

    @Test("a contract comes into force when the registry is asked again, changes with its text, and goes")
    func life() throws {
        let catalog = try catalog()
        let free = stream(catalog)
        #expect(try passes(catalog, #"{"a":"x"}"#))
        catalog.refresh()
        #expect(stream(catalog) === free && catalog.revision == 0)

        registry.set("iglu:com.acme/t/jsonschema/2-0-0", #"{"properties":{"a":{"minLength":3}}}"#)
        catalog.refresh()
        #expect(catalog.revision == 1 && stream(catalog).schema.version.model == 2)
        #expect(try !passes(catalog, #"{"a":"x"}"#))

        registry.set("iglu:com.acme/t/jsonschema/2-0-0", #"{"properties":{"a":{"minLength":1}}}"#)
        catalog.refresh()
        #expect(try catalog.revision == 2 && passes(catalog, #"{"a":"x"}"#))
        catalog.refresh()
        #expect(catalog.revision == 2)

        registry.set("iglu:com.acme/t/jsonschema/2-0-0", nil)
        catalog.refresh()
        #expect(catalog.revision == 3 && stream(catalog).schema == free.schema && lines.count == 0)
    }

    @Test(
        "what is in force stays while the registry is down, and with one warning while it has what cannot be used")
    func trouble() throws {
        let catalog = try catalog()
        registry.set("iglu:com.acme/t/jsonschema/2-0-0", #"{"properties":{"a":{"minLength":3}}}"#)
        let bound = stream(catalog)
        registry.setDown(true)
        for _ in 0..<5 { catalog.refresh() }
        #expect(stream(catalog) === bound && lines.count == 0)
        registry.setDown(false)
        registry.set("iglu:com.acme/t/jsonschema/2-0-1", #"{"properties":7}"#)
        for _ in 0..<5 { catalog.refresh() }
        #expect(stream(catalog) === bound && lines.count == 1)
        registry.set("iglu:com.acme/t/jsonschema/2-0-1", "{}")
        catalog.refresh()
        #expect(stream(catalog).schema.version.addition == 1 && lines.count == 1)
    }

    @Test("a table first seen while the registry is down gets its contract as soon as it answers")
    func late() throws {
        let catalog = try catalog()
        registry.setDown(true)
        #expect(stream(catalog).schema.version == .first)
        registry.set("iglu:com.acme/t/jsonschema/2-0-0", "{}")
        registry.setDown(false)
        catalog.refresh(onlyUnsettled: true)
        #expect(stream(catalog).schema.version.model == 2)
        catalog.refresh(onlyUnsettled: true)
        #expect(catalog.revision == 1)
    }

    @Test("a registry that hangs holds up no table: rows are set aside until its answer is there, and then checked")
    func hanging() throws {
        let gate = GatedRegistry(registry)
        registry.set("iglu:com.acme/t/jsonschema/2-0-0", #"{"properties":{"a":{"minLength":3}}}"#)
        var settings = SchemaCache.Settings()
        settings.patience = .milliseconds(20)
        let catalog = try catalog(cache(gate, settings))
        // These return though nobody has answered, and look-ups beyond the threads wait for nothing.
        let first = stream(catalog)
        for index in 0..<100 {
            _ = catalog.stream(
                database: "shop", schema: "public", table: "t\(index)", columns: Self.columns, keyColumns: [])
        }
        catalog.refresh()
        func flags() -> EventRecord.Flags {
            var builder = EventBatchBuilder()
            var record = EventRecord()
            record.operation = .create
            record.stream = builder.index(of: first)
            let start = builder.arena.count
            builder.arena.append(#"{"a":"x"}"#)
            record.payload = ByteRange(from: start, to: builder.arena.count)
            builder.append(record)
            Validation.apply(to: &builder)
            return builder.records[0].flags
        }
        #expect(flags().contains(.schemaUnavailable))
        #expect(gate.waiting <= 4)
        gate.open()
        try eventually("the contract does not come into force") {
            catalog.refresh(onlyUnsettled: true)
            return stream(catalog).schema.version.model == 2
        }
        #expect(flags().contains(.invalid) && !flags().contains(.schemaUnavailable))
    }

    @Test("a schema that was published from the table is no contract, a copy of it under another name is")
    func published() throws {
        let publisher = SchemaPublisher(registry, warn: { [lines] in lines.add($0) })
        let catalog = try catalog(cache(registry), publisher: publisher)
        let derived = stream(catalog)
        publisher.work(at: .zero)
        let text = try #require(try registry.text(of: derived.schema))
        #expect(SchemaText.flaw(text, as: derived.schema) == nil)
        catalog.refresh()
        #expect(stream(catalog) === derived && catalog.revision == 0)
        registry.set("iglu:com.acme/t/jsonschema/1-0-1", String(decoding: text, as: UTF8.self))
        catalog.refresh()
        #expect(stream(catalog).schema.version.addition == 1)
    }
}

@Suite struct SchemaPublisherTests {
    private let registry = RecordingRegistry()

    private func name(_ text: String) throws -> SchemaName {
        try #require(SchemaName(parsing: "iglu:v/n/jsonschema/\(text)"))
    }

    @Test("schemas wait while the registry is down, are tried ever more rarely, and come in their order")
    func outage() throws {
        let warnings = Mutex(0)
        let publisher = SchemaPublisher(registry, warn: { _ in warnings.withLock { $0 += 1 } })
        registry.setDown(true)
        for version in ["1-0-0", "1-0-1", "1-0-2"] { publisher.offer(Array("{}".utf8), as: try name(version)) }
        var attempts = 0
        for second in 0..<60 {
            let before = registry.questions
            publisher.work(at: .seconds(second))
            attempts += registry.questions - before
        }
        #expect((3...8).contains(attempts) && warnings.withLock { $0 } == 1)
        #expect(publisher.status.waiting == 3 && publisher.status.lastError != nil)
        registry.setDown(false)
        publisher.work(at: .seconds(1000))
        var expected = SchemaPublisher.Status()
        expected.published = 3
        #expect(publisher.status == expected && registry.published == ["1-0-0", "1-0-1", "1-0-2"])
    }

    @Test("a schema that the registry refuses is told of and holds up no other, and no more wait than may")
    func refusals() throws {
        let publisher = SchemaPublisher(registry, warn: { _ in })
        registry.set("iglu:v/n/jsonschema/1-0-0", #"{"other":1}"#)
        publisher.offer(Array("{}".utf8), as: try name("1-0-0"))
        publisher.offer(Array("{}".utf8), as: try name("1-0-1"))
        publisher.work(at: .zero)
        #expect(publisher.status.refused == 1 && publisher.status.published == 1)
        for addition in 2..<2000 { publisher.offer([], as: try name("1-0-\(addition)")) }
        #expect(publisher.status.waiting == SchemaPublisher.mostWaiting)
    }
}
