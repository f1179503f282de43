import SinkTesting
import Testing

@testable import CoreIngest

/// A source that keeps its events on a disk of its own, and floods, beside one that cannot wait.
@Suite(.timeLimit(.minutes(2))) struct YieldingSourceTests {
    private func keys(_ range: Range<Int>) -> [String] { range.map { "{\"id\":\($0)}" } }

    private func flood(_ rig: DeliveryRig) -> (batches: TestBatch, source: TestSource) {
        let source = TestSource()
        rig.pipeline.add(source: "http", signals: source, yields: true)
        let batches = TestBatch(source: "http", systemIdentifier: 7, commit: 1_000_000)
        _ = rig.pipeline.begin(batches.source)
        return (batches, source)
    }

    /// Offers transactions of one event until one is refused. Answers how many were taken.
    private func offerUntilRefused(_ rig: DeliveryRig, _ batches: inout TestBatch, isInvalid: Bool = false) -> Int {
        for count in 0... {
            var builder = EventBatchBuilder(capacity: 256)
            let token = batches.fill(&builder, [.init(id: 1_000_000 + count, isInvalid: isInvalid)])
            if !rig.pipeline.offer(&builder, from: batches.source, acknowledge: token) { return count }
        }
        return 0
    }

    @Test(
        "It takes what fills the next write, then an eighth of the queue; the others have all of it",
        arguments: [
            // Batches of each kind that wait, whether it may add one, whether the others may: of 64 batches in the queue.
            (yielding: 0, other: 0, yields: true, others: true), (31, 0, true, true), (32, 0, false, true),
            (0, 63, true, true), (0, 64, false, false), (7, 50, true, true), (8, 50, false, true),
            (8, 23, true, true), (8, 24, false, true),
        ])
    func share(yielding: Int, other: Int, yields: Bool, others: Bool) {
        var settings = LaneSettings()
        settings.queueBatches = 64
        var queue = LaneQueue(settings: settings)
        var (mine, theirs) = (TestBatch(source: "http"), TestBatch())
        func push(_ batches: inout TestBatch, _ sequence: Int, yields: Bool) {
            _ = queue.push(
                batches.inserts(1), source: yields ? 1 : 0, sequence: UInt64(sequence), inTrouble: false,
                othersHaveRoom: true, yields: yields)
        }
        for sequence in 0..<yielding { push(&mine, sequence + 1, yields: true) }
        for sequence in 0..<other { push(&theirs, sequence + 1, yields: false) }
        func admits(yields: Bool) -> Bool {
            queue.admission(
                source: yields ? 1 : 0, isSnapshot: false, inTrouble: false, othersHaveRoom: false, yields: yields)
                == .memory
        }
        #expect(admits(yields: true) == yields)
        #expect(admits(yields: false) == others)
        while case .batch = queue.next() {}
        #expect(queue.yielded.isSmall(for: settings), "what was taken is not counted any more")
        #expect(admits(yields: true))
    }

    @Test("Events and bytes count as batches do")
    func sizes() {
        var settings = LaneSettings()
        settings.batchEvents = 100
        var (mine, theirs) = (TestBatch(source: "http"), TestBatch())
        for (first, second) in [(100, 0), (12, 100), (0, 100)] {
            var queue = LaneQueue(settings: settings)
            _ = queue.push(
                mine.inserts(max(1, first)), source: 1, sequence: 1, inTrouble: false, othersHaveRoom: false,
                yields: true)
            if second > 0 {
                _ = queue.push(
                    theirs.inserts(second), source: 0, sequence: 1, inTrouble: false, othersHaveRoom: false)
            }
            #expect(queue.hasMemoryRoom(yields: false))
            #expect(queue.hasMemoryRoom(yields: true) == (first == 0))
        }
    }

    @Test("Its flood leaves room to the others while the sink is slow, and is delivered as well")
    func room() async throws {
        let sink = FaultySink()
        sink.scriptWrites(.hang)
        var settings = DeliveryRig.quickRetries()
        settings.queueBatches = 16
        settings.stallAfter = .seconds(3600)
        try await DeliveryRig.with([(sink, settings)]) { rig in
            var (flooding, signals) = flood(rig)
            var batches = TestBatch()
            await rig.offer(&batches, ids: 0..<1)
            await sink.waitUntilHanging()
            let taken = offerUntilRefused(rig, &flooding)
            #expect(taken == 8)
            // Not one of these has to wait.
            for id in 1..<9 {
                var builder = EventBatchBuilder(capacity: 256)
                let token = batches.fill(&builder, [.init(id: id)])
                #expect(rig.pipeline.offer(&builder, from: batches.source, acknowledge: token))
            }
            let seen = signals.rooms
            sink.release()
            await signals.waitForRoom(after: seen)
            await sink.recording.waitForEvents(9 + taken)
            #expect(sink.recording.events.map(\.key).filter { $0.count < 12 } == keys(0..<9))
            await signals.waitForAcknowledgement(1_000_000)
        }
    }

    @Test("Where there are no others it has the whole queue")
    func alone() {
        let settlement = Settlement()
        settlement.add(source: "http", signals: TestSource(), yields: true)
        let index = settlement.begin(SourceIdentity(name: "http", systemIdentifier: 7))
        #expect(!settlement.yields(index))
        settlement.add(source: "shop", signals: TestSource(), yields: false)
        #expect(settlement.yields(index))
        #expect(!settlement.yields(settlement.begin(DeliveryRig.identity)))
    }

    @Test("Its dead letters never take the last quarter: it waits, the others go on, and when there is room so does it")
    func deadLetters() async throws {
        let sink = RecordingSink(name: "strict", takesInvalidEvents: false)
        var settings = DeliveryRig.quickRetries()
        settings.deadLetterBytes = 200_000
        settings.queueBatches = 2
        try await DeliveryRig.with([(sink, settings)]) { rig in
            var (flooding, signals) = flood(rig)
            var batches = TestBatch()
            let store = try DeadLetterStore(rig.state, sink: "strict", maxBytes: settings.deadLetterBytes)
            while true {
                let seen = signals.rooms
                _ = offerUntilRefused(rig, &flooding, isInvalid: true)
                if store.measure() { break }
                await signals.waitForRoom(after: seen)
            }
            for id in 0..<50 { await rig.offer(&batches, ids: id..<id + 1) }
            let token = await rig.offer(&batches, [.init(id: 50, isInvalid: true)])
            await rig.source.waitForAcknowledgement(token)
            #expect(sink.events.map(\.key) == keys(0..<50))
            #expect(try store.entries().contains { $0.source.hasPrefix("shop") })
            #expect(offerUntilRefused(rig, &flooding) == 0, "valid ones wait too, as they lie behind")
            let seen = signals.rooms
            _ = try store.discard(.init())
            await signals.waitForRoom(after: seen)
            #expect(offerUntilRefused(rig, &flooding) > 0)
        }
    }

    @Test("Where delivery is not required its dead letters beyond that are discarded, and counted")
    func discarded() async throws {
        let sink = RecordingSink(name: "strict", takesInvalidEvents: false)
        var settings = DeliveryRig.quickRetries()
        settings.deliveryRequired = false
        settings.deadLetterBytes = 1_000_000
        settings.batchEvents = 50
        try await DeliveryRig.with([(sink, settings)]) { rig in
            var (flooding, signals) = flood(rig)
            var batches = TestBatch()
            while rig.status(of: "strict")?.discardedEvents == 0 {
                var builder = EventBatchBuilder(capacity: 256)
                let token = flooding.fill(&builder, (0..<50).map { .init(id: 1_000_000 + $0, isInvalid: true) })
                while true {
                    let seen = signals.rooms
                    if rig.pipeline.offer(&builder, from: flooding.source, acknowledge: token) { break }
                    await signals.waitForRoom(after: seen)
                }
            }
            await rig.offer(&batches, [.init(id: 0), .init(id: 1, isInvalid: true), .init(id: 2)])
            await sink.waitForEvents(2)
            #expect(sink.events.map(\.key) == ["{\"id\":0}", "{\"id\":2}"])
            let store = try DeadLetterStore(rig.state, sink: "strict")
            #expect(try store.entries().contains { $0.source.hasPrefix("shop") })
        }
    }
}
