import SinkTesting
import Testing

@testable import CoreIngest

@Suite("A batch takes about the memory of what is in it") struct EventBatchBuilderTests {
    @Test("Small batches do not take along what the builder reserved")
    func smallBatches() {
        var builder = EventBatchBuilder(capacity: 1 << 20)
        var batches = TestBatch()
        var cost = 0
        for id in 0..<100 {
            let token = batches.fill(&builder, [.init(id: id)])
            let batch = builder.seal(source: batches.source, acknowledge: token, receivedAt: 0)
            #expect(batch.text(of: batch.records[0].key) == "{\"id\":\(id)}")
            #expect(batch.records.capacity < 16)
            cost += batch.memoryCost
        }
        #expect(cost < 100 * 512)
    }

    @Test("A large batch hands over its arena, and the next one is as it should be", arguments: [100, 3000, 40_000])
    func sizesInTurn(events: Int) {
        var builder = EventBatchBuilder(capacity: 1 << 20)
        var batches = TestBatch()
        for count in [events, 1, events, 2] {
            let token = batches.fill(&builder, (0..<count).map { .init(id: $0, note: "a note of some length") })
            let batch = builder.seal(source: batches.source, acknowledge: token, receivedAt: 0)
            let isEmpty = builder.isEmpty && builder.arena.count == 0
            #expect(isEmpty)
            #expect(batch.records.count == count)
            #expect(batch.records.last.map { batch.text(of: $0.key) } == "{\"id\":\(count - 1)}")
            #expect(batch.memoryCost <= 3 * (batch.byteCount + count * MemoryLayout<EventRecord>.stride) + 256)
        }
    }
}
