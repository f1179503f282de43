import SinkTesting
import Testing

@testable import CoreIngest

@Suite struct LaneQueueTests {
    private func queue(required: Bool = true, parkBytes: Int = 1 << 20, batches: Int = 2) -> LaneQueue {
        var settings = LaneSettings()
        settings.deliveryRequired = required
        settings.queueBatches = batches
        settings.park.maxBytes = parkBytes
        return LaneQueue(settings: settings)
    }

    private func fill(_ queue: inout LaneQueue, _ batches: inout TestBatch, _ count: Int) {
        for sequence in 0..<count {
            _ = queue.push(
                batches.inserts(1), source: 0, sequence: UInt64(sequence + 1), inTrouble: true, othersHaveRoom: false)
        }
    }

    @Test(arguments: [
        (false, false, LaneQueue.Admission.refuse), (true, false, .park), (false, true, .park), (true, true, .park),
    ])
    func aFullQueueParksOnlyForAReason(inTrouble: Bool, othersHaveRoom: Bool, expected: LaneQueue.Admission) {
        var batches = TestBatch()
        var queue = queue()
        fill(&queue, &batches, 2)
        #expect(
            queue.admission(source: 0, isSnapshot: false, inTrouble: inTrouble, othersHaveRoom: othersHaveRoom)
                == expected)
    }

    @Test(arguments: [
        (true, false, LaneQueue.Admission.drop), (true, true, .refuse), (false, false, .overflow(.deadletter)),
        (false, true, .overflow(.deadletter)),
    ])
    func aFullParkIsHeldOrDeadLettered(required: Bool, isSnapshot: Bool, expected: LaneQueue.Admission) {
        var batches = TestBatch()
        var queue = queue(required: required, parkBytes: 1)
        fill(&queue, &batches, 3)
        #expect(
            queue.admission(source: 0, isSnapshot: isSnapshot, inTrouble: true, othersHaveRoom: true) == expected)
    }

    @Test func orderIsMemoryThenDiskThenWhatWaitsForTheDisk() {
        var batches = TestBatch()
        var queue = queue()
        fill(&queue, &batches, 3)
        #expect(queue.beginParking(maxBytes: .max).map(\.sequence) == [3])
        #expect(queue.endParking(onDisk: 1, parkedBytes: 100) == [0: 0])
        fill(&queue, &batches, 1)
        #expect(queue.queuedBatches == 3)
        var order: [String] = []
        for _ in 0..<4 {
            switch queue.next() {
            case .batch(let queued): order.append("\(queued.sequence)")
            case .parked:
                order.append("disk")
                queue.tookParked()
            case .nothing: order.append("nothing")
            }
        }
        #expect(order == ["1", "2", "disk", "1"])
        #expect(queue.isEmpty)
    }

    @Test func whatIsBeingWrittenToDiskIsNotTakenMeanwhile() {
        var batches = TestBatch()
        var queue = queue()
        fill(&queue, &batches, 3)
        _ = queue.next()
        _ = queue.next()
        #expect(queue.beginParking(maxBytes: .max).count == 1)
        if case .nothing = queue.next() {} else { Issue.record("The batch was taken while it was written.") }
        queue.failedParking()
        if case .batch(let queued) = queue.next() {
            #expect(queued.sequence == 3)
        } else {
            Issue.record("The batch is lost.")
        }
    }

    @Test func eventsThatTheLaneHasAreLeftOut() {
        var queue = queue(batches: 10)
        var batches = TestBatch()
        let first = batches.inserts(3)
        _ = queue.push(first, source: 0, sequence: 1, inTrouble: false, othersHaveRoom: true)
        _ = queue.push(first, source: 0, sequence: 2, inTrouble: false, othersHaveRoom: true)
        var other = TestBatch(systemIdentifier: 2)
        _ = queue.push(other.inserts(2), source: 1, sequence: 1, inTrouble: false, othersHaveRoom: true)
        var events: [Int] = []
        while case .batch(let queued) = queue.next() { events.append(queued.events) }
        #expect(events == [3, 0, 2])
    }

    @Test func aLostLaneComesBackOnlyWhenItHasRoom() {
        var batches = TestBatch()
        var queue = queue(parkBytes: 1)
        fill(&queue, &batches, 4)
        #expect(queue.lostSources == [0])
        let whileFull = queue.begin(source: 0, inTrouble: false)
        #expect(!whileFull)
        while case .batch = queue.next() {}
        let whileFailing = queue.begin(source: 0, inTrouble: true)
        #expect(!whileFailing)
        let whenWell = queue.begin(source: 0, inTrouble: false)
        #expect(whenWell)
        #expect(queue.lostSources.isEmpty)
    }
}
