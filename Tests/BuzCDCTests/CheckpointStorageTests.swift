import CoreIngest
import LogicalDecoding
import TestServers
import Testing

@testable import BuzCDC

@Suite("Stored checkpoints")
struct CheckpointStorageTests {
    private let checkpoint = SourceCheckpoint(
        systemIdentifier: .max, timeline: 3, database: "a=b\n%0A 東京", slot: "buz_shop", publication: "p%",
        consistentPoint: LogSequenceNumber(0x16_B374_D848), confirmed: LogSequenceNumber(0x17_0000_0001),
        snapshot: .running)

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

    @Test("A damaged or foreign text is no checkpoint")
    func damaged() {
        let text = CheckpointStorage.text(of: checkpoint)
        #expect(CheckpointStorage.checkpoint(from: text) == checkpoint)
        for line in text.split(separator: "\n") {
            let without = text.split(separator: "\n").filter { $0 != line }.joined(separator: "\n")
            #expect(CheckpointStorage.checkpoint(from: without) == nil, "without \(line)")
        }
        #expect(CheckpointStorage.checkpoint(from: text.replacing("format=1", with: "format=2")) == nil)
        #expect(CheckpointStorage.checkpoint(from: "") == nil)
    }
}
