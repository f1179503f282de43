import Synchronization
import Testing

@testable import CoreIngest

extension SchemaCatalogTests {
    @Test("a contract takes the place of the derived schema, its latest version, and one that cannot be used does not")
    func contract() throws {
        let registry = RecordingRegistry()
        let cache = SchemaCache(registry) { 0 }
        registry.set("iglu:com.acme.shop/t/jsonschema/1-0-0", "{}")
        registry.set("iglu:com.acme.shop/t/jsonschema/1-0-10", #"{"properties":{"a":{"type":"string","minLength":3}}}"#)
        registry.set("iglu:com.acme.shop/u/jsonschema/1-0-0", #"{"pattern":"(x"}"#)
        let warnings = Mutex<[String]>([])
        let catalog = try SchemaCatalog(
            vendor: "com.acme.shop", versions: SchemaVersions(.inMemory()), contracts: cache
        ) { line in
            warnings.withLock { $0.append(line) }
        }
        let columns = [Column(name: "a", sqlType: "text", kind: .text)]
        let bound = stream(catalog, "t", columns)
        #expect(bound.schema.version.description == "1-0-10")
        #expect(report(try #require(bound.validator), #"{"a":"ab"}"#)?.failures.map(\.keyword) == ["minLength"])
        let unbound = stream(catalog, "u", columns)
        #expect(unbound.validator == nil)
        #expect(warnings.withLock { $0.count } == 1)
        // Mended, it applies when the registry is asked again.
        registry.set("iglu:com.acme.shop/u/jsonschema/1-0-0", #"{"minProperties":9}"#)
        catalog.refresh()
        #expect(
            report(try #require(stream(catalog, "u", columns).validator), "{}")?.failures.map(\.keyword) == [
                "minProperties"
            ])
    }

    @Test("while the registry does not say whether there is a contract, rows are set aside, and checked once it does")
    func outage() throws {
        let registry = RecordingRegistry()
        let time = Atomic<Int64>(0)
        var settings = SchemaCache.Settings()
        settings.grace = .zero
        let cache = SchemaCache(registry, settings: settings) { time.load(ordering: .relaxed) }
        let warnings = Mutex(0)
        let catalog = try SchemaCatalog(
            vendor: "com.acme.shop", versions: SchemaVersions(.inMemory()), contracts: cache
        ) { _ in warnings.withLock { $0 += 1 } }
        let columns = [Column(name: "a", sqlType: "text", kind: .text)]
        registry.set("iglu:com.acme.shop/t/jsonschema/2-0-0", #"{"properties":{"a":{"minLength":3}}}"#)
        registry.setDown(true)
        let provisional = stream(catalog, "t", columns)
        func batch() -> EventBatch {
            var builder = EventBatchBuilder(capacity: 64)
            let index = builder.index(of: provisional)
            for (operation, payload) in [
                (Operation.create, #"{"a":"long"}"#), (.update, #"{"a":"x"}"#), (.delete, "{}"),
            ] {
                var record = EventRecord()
                record.operation = operation
                record.stream = index
                let start = builder.arena.count
                builder.arena.append(text: payload)
                record.payload = ByteRange(from: start, to: builder.arena.count)
                builder.append(record)
            }
            Validation.apply(to: &builder)
            return builder.seal(source: SourceIdentity(name: "s", systemIdentifier: 1), acknowledge: 0, receivedAt: 0)
        }
        for _ in 0..<3 {
            let batch = batch()
            #expect(batch.records.map { $0.flags.contains(.schemaUnavailable) } == [true, true, false])
            #expect(batch.text(of: batch.records[0].validationError).contains("down"))
        }
        #expect(warnings.withLock { $0 } == 1)
        registry.setDown(false)
        time.store(5_000_000, ordering: .relaxed)
        #expect(batch().records.map { $0.flags.contains(.schemaUnavailable) } == [true, true, false])
        catalog.refresh(onlyUnsettled: true)
        let checked = batch()
        #expect(checked.records.map(\.isInvalid) == [false, true, false])
        #expect(checked.records.allSatisfy { !$0.flags.contains(.schemaUnavailable) })
        #expect(checked.stream(of: checked.records[0]).schema.version.description == "2-0-0")
        // What is known stays known while the registry is down again.
        registry.setDown(true)
        time.store(900_000_000, ordering: .relaxed)
        catalog.refresh()
        #expect(batch().records.map(\.isInvalid) == [false, true, false])
    }
}
