import CoreIngest
import LogicalDecoding
import TestServers
import Testing

@testable import BuzCDC

@Suite("Stored checkpoints")
struct CheckpointStorageTests {
    private let checkpoint = SourceCheckpoint(
        systemIdentifier: .max, timeline: 3, timelineBegan: LogSequenceNumber(77), generation: .max,
        predecessor: SourceCheckpoint.Ancestry(generation: 1, end: LogSequenceNumber(76)),
        database: "a=b\n%0A 東京", slot: "buz_shop", publication: "p%",
        consistentPoint: LogSequenceNumber(0x16_B374_D848), confirmed: LogSequenceNumber(0x17_0000_0001),
        snapshot: .running, witness: CommitMark(end: LogSequenceNumber(0x17_0000_0000), xid: 12, time: -3))

    @Test("A checkpoint comes back as it was saved, also after the store is opened anew")
    func roundTrip() throws {
        let folder = try TemporaryFolder("buzstate")
        do {
            let storage = CheckpointStorage(
                try StateStore(try StateDirectory(path: folder.path, exclusive: true)), input: "shop")
            #expect(try storage.load() == nil)
            try storage.save(checkpoint)
        }
        let store = try StateStore(try StateDirectory(path: folder.path, exclusive: true))
        #expect(try CheckpointStorage(store, input: "shop").load() == checkpoint)
        #expect(try CheckpointStorage(store, input: "other").load() == nil)
    }

    @Test("A checkpoint of a version before generations is read")
    func earlierVersion() {
        let text = CheckpointStorage.text(of: checkpoint).split(separator: "\n").prefix(9).joined(separator: "\n")
        var expected = checkpoint
        (expected.timelineBegan, expected.generation, expected.predecessor, expected.witness) = (.none, 0, nil, nil)
        #expect(CheckpointStorage.checkpoint(from: text) == expected)
    }

    @Test("A damaged or foreign text is no checkpoint")
    func damaged() {
        let text = CheckpointStorage.text(of: checkpoint)
        #expect(CheckpointStorage.checkpoint(from: text) == checkpoint)
        for line in text.split(separator: "\n").prefix(9) {
            let without = text.split(separator: "\n").filter { $0 != line }.joined(separator: "\n")
            #expect(CheckpointStorage.checkpoint(from: without) == nil, "without \(line)")
        }
        for damaged in ["predecessor=1", "witness=0/1 2", "generation=-1", "timelineBegan=x"] {
            let key = damaged.prefix { $0 != "=" }
            let lines = text.split(separator: "\n").map { $0.hasPrefix(key + "=") ? damaged[...] : $0 }
            #expect(CheckpointStorage.checkpoint(from: lines.joined(separator: "\n")) == nil, "\(damaged)")
        }
        #expect(CheckpointStorage.checkpoint(from: text.replacing("format=1", with: "format=2")) == nil)
        #expect(CheckpointStorage.checkpoint(from: "") == nil)
    }
}
