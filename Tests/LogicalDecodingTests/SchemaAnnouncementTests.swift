import CoreIngest
import Testing

@testable import LogicalDecoding

@Suite struct SchemaAnnouncementTests {
    private static let old = RelationInfo(
        id: 50, schema: "public", name: "t", replicaIdentity: .primaryKey,
        columns: [.init(name: "id", isIdentity: true, typeOID: 20)])
    private static let new = RelationInfo(
        id: 50, schema: "public", name: "t", replicaIdentity: .primaryKey,
        columns: [
            .init(name: "id", isIdentity: true, typeOID: 20), .init(name: "note", isIdentity: false, typeOID: 25),
        ])
    private static let other = RelationInfo(
        id: 51, schema: "public", name: "u", replicaIdentity: .primaryKey,
        columns: [.init(name: "id", isIdentity: true, typeOID: 20)])

    /// One transaction in which the table changes after two rows, and one in which it changes before all.
    private static func decode(_ harness: inout DecoderHarness, from start: Int = 0) throws -> EventBatch {
        let messages: [[UInt8]] = [
            MessageBuilder.begin(0x100), MessageBuilder.relation(old), MessageBuilder.relation(other),
            MessageBuilder.insert(50, ["1"]), MessageBuilder.insert(51, ["1"]), MessageBuilder.relation(new),
            MessageBuilder.insert(50, ["2", "a"]), MessageBuilder.insert(50, ["3", "b"]),
            MessageBuilder.commit(0x100, end: 0x110), MessageBuilder.begin(0x200), MessageBuilder.relation(old),
            MessageBuilder.relation(other), MessageBuilder.delete(50, "K", ["2"]), MessageBuilder.insert(51, ["2"]),
            MessageBuilder.commit(0x200, end: 0x210),
        ]
        for message in messages[start...] { try harness.decode(message, at: 0xF0) }
        return harness.seal()
    }

    @Test("a new shape is announced before its first row, also inside a transaction, and positions only grow")
    func order() throws {
        var harness = DecoderHarness(streams: try DecoderHarness.announcing())
        let batch = try Self.decode(&harness)
        #expect(
            batch.records.map(\.operation) == [
                .create, .create, .schemaChange, .create, .create, .schemaChange, .delete, .create,
            ])
        #expect(
            batch.records.map { "\($0.position)" } == [
                "0/100+0", "0/100+1", "0/100<2", "0/100+2", "0/100+3", "0/200<0", "0/200+0", "0/200+1",
            ])
        #expect(zip(batch.records, batch.records.dropFirst()).allSatisfy { $0.position < $1.position })
        #expect(Set(batch.records.map { "\($0.uuidHigh) \($0.uuidLow)" }).count == batch.records.count)
        let announcements = batch.records.filter { $0.operation == .schemaChange }
        #expect(announcements.map { batch.stream(of: $0).qualifiedName } == ["public.t", "public.t"])
        #expect(announcements.allSatisfy { batch.stream(of: $0).schema == SchemaChangeSchema.name })
        let payloads = announcements.map { batch.text(of: $0.payload) }
        #expect(payloads[0].contains(#""to":"iglu:com.acme/t/jsonschema/1-0-1","class":"addition""#))
        #expect(payloads[1].contains(#""to":"iglu:com.acme/t/jsonschema/1-0-0","class":"revision""#))
        #expect(announcements.map { batch.transaction(of: $0)?.commitLSN.rawValue } == [0x100, 0x200])
    }

    @Test("a change that pauses leaves nothing of itself, row or truncation, also after a restart")
    func paused() throws {
        let storage = SchemaVersions.Storage.inMemory()
        let policy = SchemaPolicy(addition: .pause)
        for last in [MessageBuilder.insert(50, ["2", "a"]), MessageBuilder.truncate([51, 50])] {
            var harness = DecoderHarness(streams: try DecoderHarness.announcing(storage, policy: policy))
            for message in [
                MessageBuilder.begin(0x100), MessageBuilder.relation(Self.old), MessageBuilder.relation(Self.other),
                MessageBuilder.insert(50, ["1"]), MessageBuilder.insert(51, ["1"]), MessageBuilder.relation(Self.new),
            ] { try harness.decode(message) }
            let error = #expect(throws: DecodingError.self) { try harness.decode(last) }
            #expect(error?.code == .held)
            #expect(
                error?.message.contains(
                    "public.t changed from iglu:com.acme/t/jsonschema/1-0-0 to iglu:com.acme/t/jsonschema/1-0-1, of class addition"
                ) == true, "\(error?.message ?? "")")
            let batch = harness.seal()
            #expect(batch.records.map(\.operation) == [.create, .create])
        }
        // Once it is approved, it is announced where it always belonged.
        #expect(
            try SchemaVersions(storage).approve(#require(SchemaName("iglu:com.acme/t/jsonschema/1-0-1"))))
        var harness = DecoderHarness(streams: try DecoderHarness.announcing(storage, policy: policy))
        #expect(
            try Self.decode(&harness).records.map { "\($0.position)" } == [
                "0/100+0", "0/100+1", "0/100<2", "0/100+2", "0/100+3", "0/200<0", "0/200+0", "0/200+1",
            ])
    }

    @Test("every event of a shape that makes dead letters is set aside, deletes too, and its announcement is not")
    func setAside() throws {
        let policy = SchemaPolicy(addition: .deadLetter)
        var harness = DecoderHarness(streams: try DecoderHarness.announcing(policy: policy))
        for message in [
            MessageBuilder.begin(0x100), MessageBuilder.relation(Self.old), MessageBuilder.insert(50, ["1"]),
            MessageBuilder.relation(Self.new), MessageBuilder.insert(50, ["2", "a"]),
            MessageBuilder.delete(50, "K", ["1", nil]), MessageBuilder.truncate([50]),
        ] { try harness.decode(message) }
        Validation.apply(to: &harness.builder)
        let batch = harness.seal()
        #expect(batch.records.map(\.operation) == [.create, .schemaChange, .create, .delete, .truncate])
        #expect(batch.records.map { $0.flags.contains(.schemaHeld) } == [false, false, true, true, true])
        #expect(batch.records.map(\.isInvalid) == [false, false, true, true, true])
        #expect(batch.text(of: batch.records[3].validationError).contains("buz-cdc schemas approve iglu:com.acme/t/"))
    }

    @Test(
        "after a crash the same announcements come again, with the same ids and bytes, and none where nothing changed")
    func replay() throws {
        let storage = SchemaVersions.Storage.inMemory()
        var before = DecoderHarness(streams: try DecoderHarness.announcing(storage))
        let first = try Self.decode(&before)
        var after = DecoderHarness(streams: try DecoderHarness.announcing(storage))
        let second = try Self.decode(&after)
        #expect(first.records.map(\.uuidLow) == second.records.map(\.uuidLow))
        #expect(first.records.map(\.position) == second.records.map(\.position))
        #expect(first.records.map { first.text(of: $0.payload) } == second.records.map { second.text(of: $0.payload) })
        // From the second transaction on.
        var later = DecoderHarness(streams: try DecoderHarness.announcing(storage))
        let third = try Self.decode(&later, from: 9)
        #expect(third.records.map(\.operation) == [.schemaChange, .delete, .create])
        #expect(third.records[0].uuidLow == first.records[5].uuidLow)
    }

    @Test("a table that changed while nothing ran is announced before its first row, and before its snapshot")
    func whileStopped() throws {
        let storage = SchemaVersions.Storage.inMemory()
        var before = DecoderHarness(streams: try DecoderHarness.announcing(storage))
        for message in [
            MessageBuilder.begin(0x100), MessageBuilder.relation(Self.old), MessageBuilder.insert(50, ["1"]),
        ] { try before.decode(message) }
        let streams = try DecoderHarness.announcing(storage)
        var copy = CopyRowDecoder(
            relation: Self.new, settings: DecoderHarness.settings, catalog: Catalog(), streams: streams,
            snapshotLSN: LogSequenceNumber(0x300), snapshotTime: 0)
        var builder = EventBatchBuilder(capacity: 1024)
        copy.mark(.snapshotBegin, ordinal: 0, into: &builder)
        let batch = builder.seal(source: DecoderHarness.settings.source, acknowledge: 0, receivedAt: 0)
        #expect(batch.records.map(\.operation) == [.schemaChange, .snapshotBegin])
        #expect(batch.records[0].position < batch.records[1].position)
        #expect(batch.records[0].flags.contains(.snapshot))
        #expect(batch.text(of: batch.records[0].payload).contains(#""added":[{"name":"note""#))
    }
}
