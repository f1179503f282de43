import CoreIngest
import Testing

@testable import LogicalDecoding

/// Rows of one table with a contract, checked by their columns and as JSON.
struct ContractHarness: ~Copyable {
    let validator: PayloadValidator
    let relation: RelationInfo
    private var harness: DecoderHarness
    private var copying: CopyRowDecoder

    struct Verdict: Equatable {
        var byColumns: Bool
        var asJSON: Bool
        var payload: String
    }

    init(_ schema: String, _ columns: [SampleColumn]) throws {
        var options = SchemaOptions()
        options.formats = .assert
        let name = try #require(SchemaName(vendor: "com.acme", name: "sample", version: .first))
        let validator = try PayloadValidator(schema: name, compiling: schema, options: options)
        let streams = StreamCache {
            StreamDescriptor(
                database: $0.database, schemaName: $0.schema, table: $0.table, columns: $0.columns,
                keyColumns: $0.keyColumns, schema: name, validator: validator)
        }
        let relation = RelationInfo(
            id: 50, schema: "public", name: "t", replicaIdentity: .nothing,
            columns: columns.map {
                .init(name: $0.name, isIdentity: false, typeOID: $0.oid, typeModifier: $0.modifier)
            })
        let catalog = Catalog(types: SampleTypes.catalog)
        var harness = DecoderHarness(catalog: catalog, streams: streams)
        try harness.decode(MessageBuilder.begin(1))
        try harness.decode(MessageBuilder.relation(relation))
        let copying = CopyRowDecoder(
            relation: relation, settings: DecoderHarness.settings, catalog: catalog, streams: streams,
            snapshotLSN: LogSequenceNumber(500), snapshotTime: 9)
        self.init(validator: validator, relation: relation, harness: harness, copying: copying)
    }

    private init(
        validator: PayloadValidator, relation: RelationInfo, harness: consuming DecoderHarness,
        copying: consuming CopyRowDecoder
    ) {
        self.validator = validator
        self.relation = relation
        self.harness = harness
        self.copying = copying
    }

    /// Whether the contract can be asked by columns at all.
    var hasRowProgram: Bool { copying.stream?.rows != nil }

    /// The verdict on a row of the stream.
    mutating func verdict(_ values: [MessageBuilder.Value]) throws -> Verdict {
        harness.builder.removeAll()
        harness.decoder.batchSealed()
        try harness.decode(MessageBuilder.update(50, values))
        return try Self.verdict(harness.builder, validator)
    }

    /// The verdict on a row of a snapshot.
    mutating func verdict(line: String) throws -> Verdict {
        var builder = EventBatchBuilder(capacity: 4096)
        try Array(line.utf8).withUnsafeBytes { try copying.decode(line: $0, ordinal: 1, into: &builder) }
        return try Self.verdict(builder, validator)
    }

    private static func verdict(
        _ builder: borrowing EventBatchBuilder, _ validator: PayloadValidator
    ) throws -> Verdict {
        guard let record = builder.records.last else { throw DecodingError(.malformed, "no event was made") }
        var evaluator = SchemaEvaluator()
        let payload = builder.arena[record.payload]
        return Verdict(
            byColumns: record.flags.contains(.passed),
            asJSON: validator.passes(payload, partial: !record.unchanged.isEmpty, using: &evaluator),
            payload: String(decoding: payload, as: UTF8.self))
    }
}
