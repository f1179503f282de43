import CoreIngest
import Testing

@testable import LogicalDecoding

extension ChangeDecoderTests {
    @Test("Events keep their ids in a history that continues another, up to where it left it")
    func idsOfHistories() throws {
        func ids(_ generation: UInt64, continues: Predecessor? = nil) throws -> [[UInt64]] {
            let source = SourceIdentity(name: "shop", systemIdentifier: 7, generation: generation)
            var harness = DecoderHarness()
            harness.decoder = ChangeDecoder(
                settings: DecoderSettings(source: source, continues: continues, database: "shop"), catalog: Catalog(),
                streams: DecoderHarness.streams)
            for commit in [0x100, 0x200] as [UInt64] {
                try harness.decode(MessageBuilder.begin(commit))
                try harness.decode(MessageBuilder.relation(Self.orders))
                try harness.decode(MessageBuilder.insert(50, ["1", "a", "2.50"]))
                try harness.decode(MessageBuilder.commit(commit, end: commit + 0x20))
            }
            return harness.seal().records.map { [$0.uuidHigh, $0.uuidLow] }
        }
        let old = try ids(1)
        let restored = try ids(2)
        #expect(old[0] != restored[0] && old[1] != restored[1])
        let promoted = try ids(
            2, continues: Predecessor(identity: .init(name: "shop", systemIdentifier: 7, generation: 1), end: 0x200))
        #expect(promoted == [old[0], restored[1]])
    }

    @Test func idsSortByCommitAndRepeat() throws {
        var harness = DecoderHarness()
        var ids: [[UInt64]] = []
        for _ in 0..<2 {
            harness.decoder.reset()
            try harness.decode(MessageBuilder.relation(Self.orders))
            for commit: UInt64 in [1, 15, 16, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 0x12_3456_789A] {
                try harness.decode(MessageBuilder.begin(commit))
                for _ in 0..<3 { try harness.decode(MessageBuilder.insert(50, ["1", nil, nil])) }
                try harness.decode(MessageBuilder.commit(commit, end: commit + 1))
            }
            ids += harness.seal().records.map { [$0.uuidHigh, $0.uuidLow] }
        }
        #expect(ids.prefix(21) == ids.suffix(21))
        #expect(ids.prefix(21).sorted { $0.lexicographicallyPrecedes($1) } == Array(ids.prefix(21)))
        #expect(Set(ids).count == 21)
        #expect(ids.allSatisfy { $0[0] >> 12 & 15 == 8 && $0[1] >> 62 == 2 })
    }
}
