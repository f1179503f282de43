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

    private func fill(_ queue: inout LaneQueue, _ batches: inout TestBatch, _ sequences: ClosedRange<UInt64>) {
        for sequence in sequences {
            _ = queue.push(
                batches.inserts(1), source: 0, sequence: sequence, inTrouble: true, othersHaveRoom: false)
        }
    }

    private func take(_ queue: inout LaneQueue, _ count: Int) -> [QueuedBatch] {
        var taken: [QueuedBatch] = []
        while taken.count < count, case .batch(let queued) = queue.next() { taken.append(queued) }
        return taken
    }

    private func tickets(_ range: ClosedRange<Int>) -> [ParkTicket?] { range.map { ParkTicket(segment: 1, end: $0) } }

    @Test(arguments: [
        (false, false, LaneQueue.Admission.refuse), (true, false, .park), (false, true, .park), (true, true, .park),
    ])
    func aFullQueueParksOnlyForAReason(inTrouble: Bool, othersHaveRoom: Bool, expected: LaneQueue.Admission) {
        var batches = TestBatch()
        var queue = queue()
        fill(&queue, &batches, 1...2)
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
        fill(&queue, &batches, 1...2)
        #expect(
            queue.admission(source: 0, isSnapshot: isSnapshot, inTrouble: true, othersHaveRoom: true) == expected)
    }

    @Test("What is in memory goes to disk before anything newer, and the disk is read first")
    func orderIsDiskThenMemory() {
        var batches = TestBatch()
        var queue = queue()
        fill(&queue, &batches, 1...3)
        let chunk = queue.beginParking(maxBytes: .max)
        #expect(chunk.batches.map(\.sequence) == [1, 2, 3])
        #expect(chunk.taken == 0)
        #expect(queue.endParking(tickets(1...3), parkedBytes: 100).through == [0: 3])
        fill(&queue, &batches, 4...4)
        var order: [String] = []
        for _ in 0..<5 {
            switch queue.next() {
            case .batch(let queued): order.append("\(queued.sequence)")
            case .parked:
                order.append("disk")
                queue.tookParked()
            case .nothing: order.append("nothing")
            }
        }
        #expect(order == ["disk", "disk", "disk", "4", "nothing"])
        #expect(queue.isEmpty)
        queue.caughtUp()
        #expect(queue.hasMemoryRoom)
    }

    @Test("What the writer holds is copied to disk, counts as settled, and leaves the disk once it is flushed")
    func theWindowIsCopied() {
        var batches = TestBatch()
        var queue = queue(batches: 10)
        fill(&queue, &batches, 1...4)
        let window = take(&queue, 2)
        let isNew = queue.beginParkingAll()
        #expect(isNew)
        let chunk = queue.beginParking(maxBytes: .max)
        #expect(chunk.batches.map(\.sequence) == [1, 2, 3, 4])
        #expect(chunk.taken == 2)
        let parked = queue.endParking(tickets(1...4), parkedBytes: 100)
        #expect(parked.through == [0: 4])
        #expect(parked.consumed == nil)
        #expect(queue.parkedUnread == 2)
        let flushed = queue.flushed([window[0]])
        #expect(flushed.consumed == ParkTicket(segment: 1, end: 1))
        #expect(flushed.through.isEmpty)
        #expect(queue.flushed([window[1]]).consumed == ParkTicket(segment: 1, end: 2))
    }

    @Test("What is flushed while it is being copied leaves the disk at once")
    func flushedDuringTheCopy() {
        var batches = TestBatch()
        var queue = queue(batches: 10)
        fill(&queue, &batches, 1...3)
        let window = take(&queue, 2)
        _ = queue.beginParkingAll()
        #expect(queue.beginParking(maxBytes: .max).batches.count == 3)
        #expect(queue.flushed(window).through == [0: 2])
        let parked = queue.endParking(tickets(1...3), parkedBytes: 100)
        #expect(parked.consumed == ParkTicket(segment: 1, end: 2))
        #expect(parked.through == [0: 3])
        #expect(queue.parkedUnread == 1)
    }

    @Test("Memory is not parked where the park has no room for it", arguments: [0, 1])
    func parkingAllNeedsRoom(parkBytes: Int) {
        var batches = TestBatch()
        var queue = queue(parkBytes: parkBytes)
        fill(&queue, &batches, 1...2)
        let isNew = queue.beginParkingAll()
        #expect(!isNew)
        #expect(queue.beginParking(maxBytes: .max).batches.isEmpty)
    }

    @Test func whatIsBeingWrittenToDiskIsNotTakenMeanwhile() {
        var batches = TestBatch()
        var queue = queue()
        fill(&queue, &batches, 1...2)
        #expect(take(&queue, 1).count == 1)
        _ = queue.beginParkingAll()
        #expect(queue.beginParking(maxBytes: .max).batches.count == 2)
        if case .nothing = queue.next() {} else { Issue.record("The batch was taken while it was written.") }
        queue.failedParking()
        #expect(take(&queue, 1).map(\.sequence) == [2])
    }

    @Test func eventsThatTheLaneHasAreLeftOut() {
        var queue = queue(batches: 10)
        var batches = TestBatch()
        let first = batches.inserts(3)
        _ = queue.push(first, source: 0, sequence: 1, inTrouble: false, othersHaveRoom: true)
        _ = queue.push(first, source: 0, sequence: 2, inTrouble: false, othersHaveRoom: true)
        var other = TestBatch(systemIdentifier: 2)
        _ = queue.push(other.inserts(2), source: 1, sequence: 1, inTrouble: false, othersHaveRoom: true)
        #expect(take(&queue, 10).map(\.events) == [3, 0, 2])
    }

    @Test func aLostLaneComesBackOnlyWhenItHasRoom() {
        var batches = TestBatch()
        var queue = queue(parkBytes: 1)
        fill(&queue, &batches, 1...4)
        #expect(queue.lostSources == [0])
        #expect(queue.isFull)
        let whileFull = queue.begin(source: 0, inTrouble: false)
        #expect(!whileFull)
        _ = take(&queue, 10)
        let whileFailing = queue.begin(source: 0, inTrouble: true)
        #expect(!whileFailing)
        let whenWell = queue.begin(source: 0, inTrouble: false)
        #expect(whenWell)
        #expect(!queue.isFull)
    }
}
