import CoreIngest

@testable import LogicalDecoding

/// A decoder with a builder, and what a test wants to ask of them.
struct DecoderHarness: ~Copyable {
    var decoder: ChangeDecoder
    var builder = EventBatchBuilder(capacity: 4096)
    static let settings = DecoderSettings(
        source: SourceIdentity(name: "shop", systemIdentifier: 7_000_000_000_000_000_001), database: "shop")

    init(catalog: Catalog = Catalog(), streams: StreamCache = DecoderHarness.streams) {
        decoder = ChangeDecoder(settings: Self.settings, catalog: catalog, streams: streams)
    }

    /// Announces every change of the columns' names, as the catalog of a running instance does.
    static func announcing(
        _ versions: SchemaVersions.Storage = .inMemory(), policy: SchemaPolicy = SchemaPolicy()
    ) throws -> StreamCache {
        let catalog = try SchemaCatalog(vendor: "com.acme", policy: policy, versions: SchemaVersions(versions)) { _ in }
        return StreamCache(
            {
                catalog.stream(
                    database: $0.database, schema: $0.schema, table: $0.table, columns: $0.columns,
                    keyColumns: $0.keyColumns)
            },
            announcer: { shape, first, source, isSnapshot in
                catalog.announcement(
                    database: shape.database, schema: shape.schema, table: shape.table, columns: shape.columns,
                    keyColumns: shape.keyColumns, at: first, of: source, isSnapshot: isSnapshot)
            })
    }

    /// Descriptors without validators, named after the table.
    static var streams: StreamCache { StreamCache { descriptor($0) } }

    static func descriptor(_ shape: TableShape) -> StreamDescriptor? {
        guard
            let schema = SchemaName(
                vendor: "com.acme", name: SchemaName.part(from: shape.table), version: SchemaVersion.first)
        else { return nil }
        return StreamDescriptor(
            database: shape.database, schemaName: shape.schema, table: shape.table, columns: shape.columns,
            keyColumns: shape.keyColumns, schema: schema, validator: nil)
    }

    @discardableResult
    mutating func decode(_ message: [UInt8], at lsn: UInt64 = 100) throws(DecodingError) -> DecodedMessage {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: message)
        return try decoder.decode(
            UnsafeRawBufferPointer(copy), walStart: LogSequenceNumber(lsn), sentAt: 5, into: &builder)
    }

    mutating func seal() -> EventBatch {
        decoder.batchSealed()
        return builder.seal(source: Self.settings.source, acknowledge: 0, receivedAt: 0)
    }
}

extension EventBatch {
    func payload(_ index: Int) -> String { text(of: records[index].payload) }
    func key(_ index: Int) -> String { text(of: records[index].key) }
    func before(_ index: Int) -> String { text(of: records[index].before) }
}

/// Types that are not built in, for tests.
enum SampleTypes {
    static let mood: UInt32 = 20001
    static let pair: UInt32 = 20002
    static let nest: UInt32 = 20003
    static let price: UInt32 = 20004
    static let hstore: UInt32 = 20005
    static let vector: UInt32 = 20006

    static let catalog: TypeCatalog = {
        var types = TypeCatalog()
        func add(_ oid: UInt32, _ name: String, _ form: TypeInfo.Form) {
            types.insert(TypeInfo(oid: oid, namespace: "public", name: name, form: form))
            types.insert(
                TypeInfo(
                    oid: oid + 1000, namespace: "public", name: "_\(name)",
                    form: .array(element: oid, delimiter: UInt8(ascii: ","))))
        }
        add(mood, "mood", .enumeration(["sad", "ok", "happy"]))
        add(pair, "pair", .composite([.init(name: "n", typeOID: 23), .init(name: "say \"t\"", typeOID: 25)]))
        add(
            nest, "nest",
            .composite([
                .init(name: "p", typeOID: pair), .init(name: "list", typeOID: pair + 1000),
                .init(name: "doc", typeOID: 3802),
            ]))
        add(price, "price", .domain(base: 1700, typeModifier: (12 << 16 | 2) + 4))
        add(hstore, "hstore", .base)
        add(vector, "vector", .base)
        return types
    }()

    /// By name: a built-in one, one of these, or `_` before either for its array.
    static func oid(_ name: String) -> UInt32? {
        BuiltinTypes.table.values.first { $0.name == name }?.oid
            ?? (mood...vector).flatMap { [$0, $0 + 1000] }.first { catalog[$0]?.name == name }
    }
}
