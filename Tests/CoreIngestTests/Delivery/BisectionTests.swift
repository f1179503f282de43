import SinkTesting
import Testing

@testable import CoreIngest

@Suite struct BisectionTests {
    /// Plays a destination that refuses every write that holds a poison event, named by slice and record.
    private func play(_ counts: [Int], poison: Set<[Int]>) -> (delivered: [[Int]], poison: [[Int]], writes: Int) {
        var bisection = Bisection(ranges: counts.map { 0..<$0 })
        var delivered: [[Int]] = []
        var found: [[Int]] = []
        var writes = 0
        while let part = bisection.current {
            writes += 1
            let events = part.flatMap { piece in piece.range.map { [piece.origin, $0] } }
            if events.contains(where: poison.contains) {
                if let piece = bisection.refused() {
                    found.append([piece.origin, piece.range.lowerBound])
                    bisection.delivered()
                }
            } else {
                delivered += events
                bisection.delivered()
            }
        }
        return (delivered, found, writes)
    }

    @Test(arguments: [
        ([1], [[0, 0]]), ([4], [[0, 2]]), ([3, 5], [[1, 0]]), ([1000], [[0, 0], [0, 999]]), ([7, 0, 2], [[2, 1]]),
        ([5], []), ([3], [[0, 0], [0, 1], [0, 2]]),
    ])
    func onlyPoisonIsLeftOutAndTheOrderStays(counts: [Int], poison: [[Int]]) {
        let all = counts.enumerated().flatMap { origin, count in (0..<count).map { [origin, $0] } }
        let result = play(counts, poison: Set(poison))
        #expect(result.poison == poison)
        #expect(result.delivered == all.filter { !poison.contains($0) })
    }

    @Test func onePoisonEventCostsFewWrites() {
        #expect(play([1024], poison: [[0, 700]]).writes <= 21)
    }

    @Test(arguments: 1...20)
    func randomBatchesLoseNothing(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let counts = (0..<Int.random(in: 1...5, using: &random)).map { _ in Int.random(in: 0...40, using: &random) }
        let all = counts.enumerated().flatMap { origin, count in (0..<count).map { [origin, $0] } }
        let poison = all.filter { _ in Int.random(in: 0..<10, using: &random) == 0 }
        let result = play(counts, poison: Set(poison))
        #expect(result.poison == poison)
        #expect(result.delivered == all.filter { !poison.contains($0) })
    }
}

@Suite struct LaneWindowTests {
    private func queued(_ batch: EventBatch, _ sequence: UInt64) -> QueuedBatch {
        QueuedBatch(batch: batch, source: 0, sequence: sequence, start: 0)
    }

    @Test func writesAreBoundedAndResumeInsideABatch() {
        var batches = TestBatch()
        var window = LaneWindow()
        window.append(queued(batches.inserts(5), 1), excluded: [], durable: .start)
        let first = window.gather(maxEvents: 3, maxBytes: .max)
        #expect(first.slices.map(\.range) == [0..<3])
        window.took(first)
        let second = window.gather(maxEvents: 3, maxBytes: .max)
        #expect(second.slices.map(\.range) == [3..<5])
        window.took(second)
        #expect(!window.hasPending)
        #expect(window.flushed().map(\.sequence) == [1])
        #expect(window.isEmpty)
    }

    @Test func aFlushInsideABatchKeepsTheRest() {
        var batches = TestBatch()
        var window = LaneWindow()
        window.append(queued(batches.inserts(5), 1), excluded: [], durable: .start)
        window.took(window.gather(maxEvents: 2, maxBytes: .max))
        #expect(window.flushed().isEmpty)
        window.took(window.gather(maxEvents: 2, maxBytes: .max))
        window.rewind { _ in .start }
        #expect(window.gather(maxEvents: 10, maxBytes: .max).slices.map(\.range) == [2..<5])
    }

    @Test func whatIsDeadLetteredIsNeverWrittenAgain() {
        var batches = TestBatch()
        var window = LaneWindow()
        window.append(queued(batches.inserts(6), 1), excluded: [0, 3], durable: .start)
        window.exclude(entry: 0, record: 5)
        let gathered = window.gather(maxEvents: 10, maxBytes: .max)
        #expect(gathered.slices.map(\.range) == [1..<3, 4..<5])
        window.took(gathered)
        #expect(!window.hasPending)
        window.rewind { _ in .start }
        #expect(window.gather(maxEvents: 10, maxBytes: .max).slices.map(\.range) == [1..<3, 4..<5])
    }

    @Test func whatTheDestinationHasIsLeftOut() {
        var batches = TestBatch()
        var window = LaneWindow()
        let batch = batches.inserts(4)
        window.append(queued(batch, 1), excluded: [], durable: .start)
        window.took(window.gather(maxEvents: 4, maxBytes: .max))
        window.rewind { $0 == batch.source ? batch.records[1].position : .start }
        #expect(window.gather(maxEvents: 10, maxBytes: .max).slices.map(\.range) == [2..<4])
    }

    /// However writes, flushes and lost connections alternate: what counts as flushed was written, in order, without gaps.
    @Test(arguments: 1...10)
    func randomWalkLosesNothing(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var batches = TestBatch()
        var window = LaneWindow()
        var sequence: UInt64 = 0
        var taken: [Position] = []
        var durable: [Position] = []
        var expected: [Position] = []
        for _ in 0..<2000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                let batch = batches.inserts(Int.random(in: 1...6, using: &random))
                sequence += 1
                expected += batch.records.map(\.position)
                window.append(queued(batch, sequence), excluded: [], durable: .start)
            case 3..<7:
                let gathered = window.gather(maxEvents: Int.random(in: 1...8, using: &random), maxBytes: .max)
                taken += gathered.slices.flatMap { slice in slice.range.map { slice.batch.records[$0].position } }
                window.took(gathered)
            case 7:
                taken = []
                window.rewind { _ in .start }
            default:
                durable += taken
                taken = []
                _ = window.flushed()
            }
            #expect(durable == Array(expected.prefix(durable.count)), "seed \(seed)")
        }
    }
}
