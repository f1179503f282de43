import SinkTesting
import Synchronization
import Testing

@testable import CoreIngest

@Suite(.timeLimit(.minutes(2))) struct PipelineTests {
    private let down = SinkFailure(.unavailable, "connection refused")
    private let gone = SinkFailure(.unavailable, "connection lost", reopen: true)

    private func ids(_ sink: RecordingSink) -> [String] { sink.events.map(\.key) }
    private func keys(_ range: Range<Int>) -> [String] { range.map { "{\"id\":\($0)}" } }

    @Test func everySinkGetsEverythingInOrderAndItIsAcknowledged() async throws {
        let sinks = [RecordingSink(name: "a"), RecordingSink(name: "b")]
        try await DeliveryRig.with(sinks.map { ($0, LaneSettings()) }) { rig in
            var batches = TestBatch()
            var token: UInt64 = 0
            for start in stride(from: 0, to: 100, by: 10) { token = await rig.offer(&batches, ids: start..<start + 10) }
            await rig.source.waitForAcknowledgement(token)
            for sink in sinks { #expect(ids(sink) == keys(0..<100)) }
            #expect(rig.pipeline.isSettled(DeliveryRig.identity))
            #expect(rig.status(of: "a")?.state == .ok)
        }
        for sink in sinks { #expect(sink.closes == 1) }
    }

    @Test func acknowledgementsArePersistedBeforeTheyAreTold() async throws {
        let failures = Atomic<Int>(0)
        let persist: @Sendable (UInt64) throws -> Void = { _ in
            if failures.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { throw StateError(.diskFull, "no space") }
        }
        try await DeliveryRig.with([(RecordingSink(), LaneSettings())], persist: persist) { rig in
            var batches = TestBatch()
            let token = await rig.offer(&batches, ids: 0..<3)
            await rig.source.waitForAcknowledgement(token)
            #expect(rig.persisted.tokens.withLock { $0 }.last == token)
            #expect(failures.load(ordering: .relaxed) == 2)
        }
    }

    @Test func anIdleDatabaseAdvances() async throws {
        try await DeliveryRig.with([(RecordingSink(), LaneSettings())]) { rig in
            rig.pipeline.advance(DeliveryRig.identity, to: 77)
            await rig.source.waitForAcknowledgement(77)
        }
    }

    @Test func aSinkThatHangsDisturbsNoOneElse() async throws {
        let hanging = FaultySink(name: "hanging")
        hanging.scriptWrites(.hang)
        let well = RecordingSink(name: "well")
        var settings = LaneSettings()
        settings.stallAfter = .zero
        settings.queueBatches = 4
        try await DeliveryRig.with([(hanging, settings), (well, settings)]) { rig in
            var batches = TestBatch()
            for id in 0..<200 { await rig.offer(&batches, ids: id..<id + 1) }
            await well.waitForEvents(200)
            #expect(ids(well) == keys(0..<200))
            await hanging.waitUntilHanging()
            #expect(rig.status(of: "hanging")?.state == .stalled)
            // Parked is durable, and once the lane parks, what it has in memory goes to disk too.
            await rig.source.waitForAcknowledgement(batches.nextCommit - 5)
            #expect(ids(hanging.recording).isEmpty)
            hanging.release()
            await hanging.recording.waitForEvents(200)
            #expect(ids(hanging.recording) == keys(0..<200))
        }
    }

    @Test func aFailingSinkIsParkedAndCatchesUpInOrder() async throws {
        let failing = FaultySink(name: "failing")
        failing.setOutage(down)
        var settings = DeliveryRig.quickRetries()
        settings.queueBatches = 3
        settings.park.segmentBytes = 2000
        try await DeliveryRig.with([(failing, settings)]) { rig in
            var batches = TestBatch()
            for id in 0..<300 { await rig.offer(&batches, ids: id..<id + 1) }
            #expect((rig.status(of: "failing")?.state).map { [.parking, .retrying].contains($0) } == true)
            failing.setOutage(nil)
            await failing.recording.waitForEvents(300)
            for id in 300..<320 { await rig.offer(&batches, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(batches.nextCommit - 5)
            await failing.recording.waitForEvents(320)
            #expect(ids(failing.recording) == keys(0..<320))
            let status = try #require(rig.status(of: "failing"))
            #expect(!status.isFailing && status.lastErrorAt != nil && status.lastError?.contains("refused") == true)
        }
    }

    @Test func whatIsParkedOutlivesTheProcess() async throws {
        let folder = try TemporaryFolder()
        let failing = FaultySink(name: "sink")
        failing.setOutage(down)
        var settings = DeliveryRig.quickRetries()
        settings.queueBatches = 1
        settings.batchEvents = 1
        var batches = TestBatch()
        var token: UInt64 = 0
        try await DeliveryRig.with([(failing, settings)], in: folder, drain: .zero) { rig in
            for id in 0..<50 { token = await rig.offer(&batches, ids: id..<id + 1) }
        }
        let well = RecordingSink(name: "sink")
        try await DeliveryRig.with([(well, settings)], in: folder) { rig in
            // The source starts anew, as nothing was acknowledged: what is parked is not taken twice.
            var again = TestBatch()
            for id in 0..<60 { token = await rig.offer(&again, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(token)
            let got = ids(well)
            #expect(Set(got).isSubset(of: Set(keys(0..<60))))
            #expect(Set(got).isSuperset(of: Set(keys(50..<60))))
            #expect(well.events.map(\.position) == well.events.map(\.position).sorted())
        }
    }

    @Test(arguments: [FaultySink.Refusal.whole, .named])
    func onlyThePoisonEventIsDeadLettered(refusal: FaultySink.Refusal) async throws {
        let sink = FaultySink()
        sink.poison(refusal) { ["{\"id\":7}", "{\"id\":63}"].contains($0.key) }
        try await DeliveryRig.with([(sink, DeliveryRig.quickRetries())]) { rig in
            var batches = TestBatch()
            let token = await rig.offer(&batches, ids: 0..<100)
            await rig.source.waitForAcknowledgement(token)
            #expect(ids(sink.recording) == keys(0..<100).filter { !["{\"id\":7}", "{\"id\":63}"].contains($0) })
            let store = try DeadLetterStore(rig.state, sink: "faulty")
            let entries = try store.entries()
            #expect(entries.map(\.reason) == Array(repeating: refusal == .whole ? "poison" : "rejected", count: 2))
            #expect(try store.summaries().map(\.count) == [2])
            #expect(rig.status(of: "faulty")?.deadLetters == 2)
        }
    }

    @Test func invalidEventsAreDeadLetteredWhereTheSinkDoesNotTakeThem() async throws {
        let strict = RecordingSink(name: "strict", takesInvalidEvents: false)
        let lenient = RecordingSink(name: "lenient", takesInvalidEvents: true)
        try await DeliveryRig.with([(strict, LaneSettings()), (lenient, LaneSettings())]) { rig in
            var batches = TestBatch()
            let token = await rig.offer(
                &batches, [.init(id: 0), .init(id: 1, isInvalid: true), .init(id: 2), .init(id: 3, isInvalid: true)])
            await rig.source.waitForAcknowledgement(token)
            #expect(ids(strict) == ["{\"id\":0}", "{\"id\":2}"])
            #expect(ids(lenient) == keys(0..<4))
            let entries = try DeadLetterStore(rig.state, sink: "strict").entries()
            #expect(entries.map(\.reason) == ["validation_failed", "validation_failed"])
            #expect(entries.map(\.error) == ["not valid", "not valid"])
            #expect(try DeadLetterStore(rig.state, sink: "strict").summaries().map(\.group) == ["0123456789abcdef"])
            #expect(rig.metrics.exposition().contains("buz_events_invalid_total 2"))
        }
    }

    @Test func whatALostConnectionTookIsWrittenAgain() async throws {
        let sink = FaultySink()
        sink.scriptOpens(.fail(down))
        sink.scriptWrites(.takeAndFail(gone), .fail(gone))
        sink.scriptFlushes(.fail(gone), .fail(down))
        try await DeliveryRig.with([(sink, DeliveryRig.quickRetries())]) { rig in
            var batches = TestBatch()
            let token = await rig.offer(&batches, ids: 0..<20)
            await rig.source.waitForAcknowledgement(token)
            #expect(Set(ids(sink.recording)) == Set(keys(0..<20)))
            #expect(Array(ids(sink.recording).suffix(20)) == keys(0..<20))
            #expect(sink.recording.opens >= 4)
        }
    }

    @Test func aSinkThatStoresPositionsGetsNothingTwice() async throws {
        let sink = FaultySink(storesPositions: true)
        sink.scriptFlushes(.takeAndFail(gone))
        try await DeliveryRig.with([(sink, DeliveryRig.quickRetries())]) { rig in
            var batches = TestBatch()
            for id in 0..<10 { await rig.offer(&batches, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(batches.nextCommit - 5)
            #expect(ids(sink.recording) == keys(0..<10))
        }
    }

    @Test func aFullParkHoldsTheAcknowledgementUntilTheSourceHasSentAgain() async throws {
        let failing = FaultySink(name: "failing")
        failing.setOutage(down)
        let well = RecordingSink(name: "well")
        var small = DeliveryRig.quickRetries()
        small.queueBatches = 2
        small.park.maxBytes = 2000
        try await DeliveryRig.with([(failing, small), (well, LaneSettings())]) { rig in
            var batches = TestBatch()
            for id in 0..<200 { await rig.offer(&batches, ids: id..<id + 1) }
            await well.waitForEvents(200)
            #expect(rig.status(of: "failing")?.state == .holding)
            #expect(rig.pipeline.status.sources.first?.isHeld == true)
            failing.setOutage(nil)
            await rig.source.waitForReplay()
            #expect(rig.source.acknowledged < batches.nextCommit - 5)
            let from = rig.pipeline.begin(DeliveryRig.identity)
            #expect(from < Position(commit: batches.nextCommit - 10, ordinal: 0))
            // The small queue may overflow again: each time the source goes back, the lane gets further.
            let end = batches.nextCommit - 5
            while rig.source.acknowledged < end {
                let seen = rig.source.replays
                _ = rig.pipeline.begin(DeliveryRig.identity)
                var again = TestBatch()
                for id in 0..<200 { await rig.offer(&again, ids: id..<id + 1) }
                await rig.source.waitForAcknowledgement(end, orReplayAfter: seen)
            }
            await failing.recording.waitForEvents(200)
            #expect(ids(failing.recording) == keys(0..<200))
            #expect(ids(well) == keys(0..<200))
        }
    }

    @Test(arguments: [LaneSettings.WhenFull.deadletter, .discard])
    func aFullParkOfASinkThatMayMissEventsFollowsThePolicy(policy: LaneSettings.WhenFull) async throws {
        let failing = FaultySink(name: "failing")
        failing.setOutage(down)
        let well = RecordingSink(name: "well")
        var small = DeliveryRig.quickRetries()
        small.deliveryRequired = false
        small.queueBatches = 2
        small.park.maxBytes = 2000
        small.park.whenFull = policy
        try await DeliveryRig.with([(failing, small), (well, LaneSettings())]) { rig in
            var batches = TestBatch()
            for id in 0..<200 { await rig.offer(&batches, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(batches.nextCommit - 5)
            #expect(ids(well) == keys(0..<200))
            failing.setOutage(nil)
            while !rig.pipeline.isIdle { try await Task.sleep(for: .milliseconds(5)) }
            let delivered = ids(failing.recording)
            let status = try #require(rig.status(of: "failing"))
            #expect(delivered.count > 2)
            #expect(policy == .deadletter ? status.deadLetters > 0 : status.discardedEvents > 0)
            #expect(delivered.count + status.deadLetters + Int(status.discardedEvents) == 200)
        }
    }

    @Test func aSinkAloneSlowsTheSourceAndLosesNothing() async throws {
        let sink = RecordingSink()
        var settings = LaneSettings()
        settings.queueBatches = 1
        settings.batchEvents = 7
        try await DeliveryRig.with([(sink, settings)]) { rig in
            var batches = TestBatch()
            for id in 0..<500 { await rig.offer(&batches, ids: id * 3..<id * 3 + 3) }
            await sink.waitForEvents(1500)
            #expect(ids(sink) == keys(0..<1500))
            #expect(sink.writes.allSatisfy { $0 <= 7 })
            #expect(rig.status(of: "recording")?.parkedBytes == 0)
        }
    }

    @Test func aResentTransactionIsTakenOnce() async throws {
        let sink = RecordingSink()
        try await DeliveryRig.with([(sink, LaneSettings())]) { rig in
            var batches = TestBatch()
            await rig.offer(&batches, ids: 0..<5)
            #expect(rig.pipeline.begin(DeliveryRig.identity) == Position(commit: 100, ordinal: 4))
            var again = TestBatch()
            await rig.offer(&again, ids: 0..<5)
            let token = await rig.offer(&again, ids: 5..<6)
            await rig.source.waitForAcknowledgement(token)
            #expect(ids(sink) == keys(0..<6))
        }
    }

    @Test func aGracefulStopWritesWhatIsInMemory() async throws {
        let sink = RecordingSink()
        var settings = LaneSettings()
        settings.linger = .seconds(3600)
        try await DeliveryRig.with([(sink, settings)]) { rig in
            var batches = TestBatch()
            await rig.offer(&batches, ids: 0..<5)
        }
        #expect(ids(sink) == keys(0..<5))
    }

    @Test func aSinkThatHangsDoesNotHoldUpTheStop() async throws {
        let sink = FaultySink()
        sink.scriptWrites(.hang)
        try await DeliveryRig.with([(sink, LaneSettings())], drain: .milliseconds(50)) { rig in
            var batches = TestBatch()
            await rig.offer(&batches, ids: 0..<5)
            await sink.waitUntilHanging()
        }
        sink.release()
    }
}
