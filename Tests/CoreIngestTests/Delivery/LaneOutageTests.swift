import SinkTesting
import Testing

@testable import CoreIngest

@Suite(.timeLimit(.minutes(2))) struct LaneOutageTests {
    private let down = SinkFailure(.unavailable, "connection refused")

    private func settings() -> LaneSettings {
        var settings = DeliveryRig.quickRetries()
        settings.parkAfter = .zero
        return settings
    }

    @Test("What waits for a sink that is down is acknowledged though nothing newer comes, and survives the process")
    func everythingIsParked() async throws {
        let folder = try TemporaryFolder()
        let failing = FaultySink(name: "sink")
        failing.setOutage(down)
        var batches = TestBatch()
        var token: UInt64 = 0
        try await DeliveryRig.with([(failing, settings())], in: folder, drain: .zero) { rig in
            for id in 0..<5 { token = await rig.offer(&batches, ids: id..<id + 1) }
            await rig.source.waitForAcknowledgement(token)
            #expect(failing.recording.events.isEmpty)
        }
        let well = RecordingSink(name: "sink")
        let told = token
        try await DeliveryRig.with([(well, settings())], in: folder, acknowledged: { told }) { rig in
            await rig.offer(&batches, ids: 5..<6)
            await well.waitForEvents(6)
            #expect(well.events.map(\.key) == (0..<6).map { "{\"id\":\($0)}" })
        }
    }

    @Test("What is in the hands of a call that hangs is acknowledged, and is not written again once the call returns")
    func aHangingCallIsParked() async throws {
        let hanging = FaultySink(name: "sink")
        hanging.scriptWrites(.hang)
        try await DeliveryRig.with([(hanging, settings())]) { rig in
            var batches = TestBatch()
            var token = await rig.offer(&batches, ids: 0..<3)
            await hanging.waitUntilHanging()
            token = await rig.offer(&batches, ids: 3..<6)
            await rig.source.waitForAcknowledgement(token)
            hanging.release()
            await hanging.recording.waitForEvents(6)
            while !rig.pipeline.isIdle { try await Task.sleep(for: .milliseconds(2)) }
            #expect(hanging.recording.events.map(\.key) == (0..<6).map { "{\"id\":\($0)}" })
            #expect(rig.status(of: "sink")?.parkedBytes == 0)
        }
    }

    @Test("A sink that always opens again and never takes anything is asked ever more rarely")
    func opensInVain() async throws {
        let failing = FaultySink(name: "sink")
        failing.setOutage(SinkFailure(.unavailable, "the session ended", reopen: true))
        try await DeliveryRig.with([(failing, DeliveryRig.quickRetries())]) { rig in
            var batches = TestBatch()
            await rig.offer(&batches, ids: 0..<3)
            while rig.status(of: "sink")?.attempts ?? 0 < 5 { try await Task.sleep(for: .milliseconds(2)) }
            failing.setOutage(nil)
            await failing.recording.waitForEvents(3)
            while rig.status(of: "sink")?.attempts != 0 { try await Task.sleep(for: .milliseconds(2)) }
            failing.scriptOpens(.fail(down))
            failing.scriptWrites(.fail(SinkFailure(.unavailable, "the session ended", reopen: true)))
            await rig.offer(&batches, ids: 3..<6)
            await failing.recording.waitForEvents(6)
            while rig.status(of: "sink")?.isFailing != false { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test("A snapshot waits for a required sink whose park is full, status says so, and it goes on afterwards")
    func aSnapshotWaits() async throws {
        let failing = FaultySink(name: "sink")
        failing.setOutage(down)
        var small = settings()
        small.queueBatches = 2
        small.park.maxBytes = 1500
        let well = RecordingSink(name: "well")
        try await DeliveryRig.with([(failing, small), (well, LaneSettings())]) { rig in
            let sending = Task {
                var batches = TestBatch()
                var token: UInt64 = 0
                for id in 0..<60 {
                    token = await rig.offer(
                        &batches,
                        [
                            .init(id: id, operation: .read),
                            .init(id: id, operation: id == 59 ? .snapshotEnd : .snapshotBegin),
                        ])
                }
                return token
            }
            while rig.status(of: "sink")?.state != .holding { try await Task.sleep(for: .milliseconds(2)) }
            #expect(well.events.count < 60)
            #expect(rig.pipeline.status.sources.first?.isHeld == false)
            failing.setOutage(nil)
            await rig.source.waitForAcknowledgement(await sending.value)
            await failing.recording.waitForEvents(60)
            #expect(failing.recording.events.map(\.key) == well.events.map(\.key))
        }
    }
}
