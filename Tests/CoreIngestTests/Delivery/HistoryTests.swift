import SinkTesting
import Synchronization
import Testing

@testable import CoreIngest

/// A sink remembers positions; a server that was restored gives them out again.
@Suite(.timeLimit(.minutes(2))) struct HistoryTests {
    private static let restored = SourceIdentity(name: "shop", systemIdentifier: 1, generation: 0xabc)

    /// Five transactions by the old history, then the same positions by the new one. Answers the keys, in order.
    private func delivered(continuing end: UInt64?) async throws -> [Int] {
        let folder = try TemporaryFolder()
        let sink = RecordingSink(storesPositions: true)
        try await DeliveryRig.with([(sink, LaneSettings())], in: folder) { rig in
            var batches = TestBatch()
            for id in 0..<5 { await rig.offer(&batches, ids: id..<id + 1) }
            await sink.waitForEvents(5)
        }
        try await DeliveryRig.with([(sink, LaneSettings())], in: folder) { rig in
            let before = end.map { Predecessor(identity: DeliveryRig.identity, end: $0) }
            #expect(rig.pipeline.begin(Self.restored, continues: before) == .start)
            var batches = TestBatch()
            batches.source = Self.restored
            var token: UInt64 = 0
            for id in 0..<6 { token = await rig.offer(&batches, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(token)
            // The history that is not read any more does not keep it from being done.
            #expect(rig.pipeline.isIdle)
        }
        return sink.events.compactMap { Int($0.key.dropFirst(6).dropLast()) }
    }

    @Test("Positions of another history leave nothing of this one out")
    func anotherHistory() async throws {
        #expect(try await delivered(continuing: nil) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5])
    }

    @Test("What a history shares with the one that it continues is not repeated, the rest is not left out")
    func continuedHistory() async throws {
        // Transactions begin at 100, 110, …: the new history left the old one at 130.
        #expect(try await delivered(continuing: 130) == [0, 1, 2, 3, 4, 3, 4, 5])
        #expect(try await delivered(continuing: 1000) == [0, 1, 2, 3, 4, 5])
    }

    @Test(
        "What was taken of a history is not repeated by the one that continues it, also where no restart lies between",
        arguments: [130, 1000])
    func continuedWithinARun(end: UInt64) async throws {
        // A sink without a memory of its own, that is told what continues what.
        let sink = FollowingSink()
        try await DeliveryRig.with([(sink, LaneSettings())]) { rig in
            var batches = TestBatch()
            for id in 0..<5 { await rig.offer(&batches, ids: id..<id + 1) }
            let before = Predecessor(identity: DeliveryRig.identity, end: end)
            _ = rig.pipeline.begin(Self.restored, continues: before)
            batches = TestBatch()
            batches.source = Self.restored
            var token: UInt64 = 0
            for id in 0..<6 { token = await rig.offer(&batches, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(token)
            #expect(sink.followed.withLock { $0 } == [Self.restored: before])
        }
        let keys = sink.recording.events.compactMap { Int($0.key.dropFirst(6).dropLast()) }
        #expect(keys == (end == 130 ? [0, 1, 2, 3, 4, 3, 4, 5] : [0, 1, 2, 3, 4, 5]))
    }

    @Test("Batches that an earlier version parked are read")
    func earlierFormat() throws {
        var batches = TestBatch()
        batches.source.generation = 7
        let batch = batches.inserts(2)
        var out = ByteArena(capacity: 1024)
        BatchWriter.write(batch, start: 0, to: &out)
        let bytes = Array(out[ByteRange(from: 0, to: out.count)])
        var reader = bytes.withUnsafeBytes { try? readBack($0) }
        #expect(reader?.source == batch.source)
        // Version 1 has no generation: 1 byte, the name's length and 4 bytes, the system identifier, then 8 bytes less.
        var earlier = bytes
        earlier[0] = 1
        earlier.removeSubrange(17..<25)
        reader = earlier.withUnsafeBytes { try? readBack($0) }
        #expect(reader?.source == DeliveryRig.identity && reader?.records.count == 2)
    }

    private func readBack(_ bytes: UnsafeRawBufferPointer) throws -> EventBatch {
        var reader = BatchReader(bytes)
        return try reader.batch().batch
    }
}

/// Keeps what it is told of histories.
private final class FollowingSink: HistoryFollowingSink {
    let recording = RecordingSink()
    let followed = Mutex<[SourceIdentity: Predecessor]>([:])

    var name: String { recording.name }
    var takesInvalidEvents: Bool { true }

    func follow(_ source: SourceIdentity, _ predecessor: Predecessor) {
        followed.withLock { $0[source] = predecessor }
    }
    func open() async throws(SinkFailure) -> [SourceIdentity: Position] { try await recording.open() }
    func write(_ slices: [BatchSlice]) async -> WriteOutcome { await recording.write(slices) }
    func flush() async throws(SinkFailure) { try await recording.flush() }
    func close() async { await recording.close() }
}
