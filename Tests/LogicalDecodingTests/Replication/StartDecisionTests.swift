import CoreIngest
import Testing

@testable import LogicalDecoding

@Suite
struct StartDecisionTests {
    static let system = SystemIdentity(
        systemIdentifier: 7, lineage: TimelineLineage(timeline: 1), flushed: LogSequenceNumber(1000), database: "shop")

    private func slot(_ confirmed: UInt64 = 500, change: (inout SlotInfo) -> Void = { _ in }) -> SlotInfo? {
        var slot = SlotInfo(row: [
            "buz", "pgoutput", "logical", "shop", "f", nil, "0/0", LogSequenceNumber(confirmed).description, "reserved",
            nil,
            nil, "0",
        ])
        if var made = slot {
            change(&made)
            slot = made
        }
        return slot
    }

    private func checkpoint(
        _ confirmed: UInt64 = 500, change: (inout SourceCheckpoint) -> Void = { _ in }
    ) -> SourceCheckpoint {
        var checkpoint = SourceCheckpoint(
            systemIdentifier: 7, timeline: 1, generation: 9, database: "shop", slot: "buz", publication: "buz",
            consistentPoint: LogSequenceNumber(100), confirmed: LogSequenceNumber(confirmed), snapshot: .done)
        change(&checkpoint)
        return checkpoint
    }

    private func decide(
        _ checkpoint: SourceCheckpoint?, _ slot: SlotInfo?, mode: PostgresSourceSettings.SnapshotMode = .initial,
        acceptGap: Bool = false, system: SystemIdentity = Self.system
    ) -> Result<StartDecision, SourceError> {
        let settings = PostgresSourceSettings(
            name: "shop", url: "", slot: "buz", publication: "buz", snapshot: mode, acceptGap: acceptGap)
        do throws(SourceError) {
            return .success(
                try StartDecision.decide(checkpoint: checkpoint, slot: slot, system: system, settings: settings))
        } catch {
            return .failure(error)
        }
    }

    private func code(_ result: Result<StartDecision, SourceError>) -> SourceError.Code? {
        if case .failure(let error) = result { return error.code }
        return nil
    }

    @Test("A first start creates the slot, with a snapshot if one is asked for")
    func firstStart() {
        #expect(decide(nil, nil) == .success(.create(dropsFirst: false, snapshot: true)))
        #expect(decide(nil, nil, mode: .never) == .success(.create(dropsFirst: false, snapshot: false)))
        #expect(decide(nil, slot(), mode: .always) == .success(.create(dropsFirst: true, snapshot: true)))
    }

    @Test("A slot without state is taken over only when no snapshot is wanted")
    func slotWithoutState() {
        #expect(code(decide(nil, slot())) == .slotUnknown)
        let adopted = StartDecision.resume(from: LogSequenceNumber(500), adopts: true)
        #expect(decide(nil, slot(), mode: .never) == .success(adopted))
        #expect(decide(nil, slot(), acceptGap: true) == .success(adopted))
    }

    @Test("State and slot that agree are read on from what was delivered")
    func resumes() {
        let resumed = StartDecision.resume(from: LogSequenceNumber(500), adopts: false)
        #expect(decide(checkpoint(), slot(500)) == .success(resumed))
        // A slot that went back after a crash of the server repeats, and loses nothing.
        #expect(decide(checkpoint(), slot(400)) == .success(resumed))
    }

    @Test("A slot that stands before a transaction that was delivered is read again from there, as proof")
    func rereads() {
        let witnessed = checkpoint { $0.witness = CommitMark(end: LogSequenceNumber(450), xid: 3, time: 5) }
        #expect(
            decide(witnessed, slot(400))
                == .success(.resume(from: LogSequenceNumber(500), adopts: false, rereads: LogSequenceNumber(400))))
        #expect(decide(witnessed, slot(450)) == .success(.resume(from: LogSequenceNumber(500), adopts: false)))

        var proof = HistoryProof(witnessed.witness)
        #expect(proof.passed(LogSequenceNumber(449)) && !proof.passed(LogSequenceNumber(450)))
        let isEarlierFine = proof.committed(CommitMark(end: LogSequenceNumber(420), xid: 2, time: 4))
        #expect(isEarlierFine && proof.awaited != nil)
        for other in [
            CommitMark(end: LogSequenceNumber(450), xid: 4, time: 5),
            CommitMark(end: LogSequenceNumber(450), xid: 3, time: 6),
            CommitMark(end: LogSequenceNumber(460), xid: 3, time: 5),
        ] {
            var fresh = HistoryProof(witnessed.witness)
            let isProven = fresh.committed(other)
            #expect(!isProven)
        }
        let isProven = proof.committed(CommitMark(end: LogSequenceNumber(450), xid: 3, time: 5))
        #expect(isProven && proof.awaited == nil && proof.passed(LogSequenceNumber(900)))
    }

    @Test("A new timeline is followed as long as it shares everything that was delivered")
    func timelines() {
        let lineage = TimelineLineage(
            timeline: 3, history: "# made by hand\n1\t0/1F4\tno recovery target specified\n\n2 0/258 at restore point\n"
        )
        #expect(
            lineage.ancestors == [
                .init(timeline: 1, end: LogSequenceNumber(500)), .init(timeline: 2, end: LogSequenceNumber(600)),
            ])
        let server = SystemIdentity(
            systemIdentifier: 7, lineage: lineage, flushed: LogSequenceNumber(1000), database: "shop")
        let resumed = StartDecision.resume(from: LogSequenceNumber(500), adopts: false)
        #expect(decide(checkpoint(), slot(500), system: server) == .success(resumed))
        #expect(code(decide(checkpoint(501), slot(500), system: server)) == .serverReplaced)
        #expect(
            decide(checkpoint(501), slot(500), acceptGap: true, system: server)
                == .success(.resume(from: LogSequenceNumber(500), adopts: true)))
        #expect(
            decide(checkpoint(501), nil, acceptGap: true, system: server)
                == .success(.create(dropsFirst: false, snapshot: false)))
        func on(_ timeline: UInt32, began: UInt64) -> SourceCheckpoint {
            checkpoint {
                $0.timeline = timeline
                $0.timelineBegan = LogSequenceNumber(began)
            }
        }
        for (timeline, began) in [(3, 600), (3, 0), (2, 500), (2, 0)] as [(UInt32, UInt64)] {
            #expect(decide(on(timeline, began: began), slot(500), system: server) == .success(resumed))
        }
        for (timeline, began) in [(3, 601), (2, 499), (4, 0)] as [(UInt32, UInt64)] {
            #expect(code(decide(on(timeline, began: began), slot(500), system: server)) == .serverReplaced)
        }
    }

    @Test("A slot ahead of the state, or gone, or lost, is an error, unless the gap is accepted")
    func gaps() {
        #expect(code(decide(checkpoint(), slot(501))) == .slotAhead)
        #expect(code(decide(checkpoint(), nil)) == .slotMissing)
        #expect(code(decide(checkpoint(), slot { $0.walStatus = "lost" })) == .slotLost)
        #expect(code(decide(checkpoint(), slot { $0.invalidationReason = "idle_timeout" })) == .slotLost)
        #expect(
            decide(checkpoint(), slot(501), acceptGap: true)
                == .success(.resume(from: LogSequenceNumber(501), adopts: true)))
        #expect(decide(checkpoint(), nil, acceptGap: true) == .success(.create(dropsFirst: false, snapshot: false)))
    }

    @Test("A snapshot that was not delivered starts over with a new slot")
    func snapshotAgain() {
        let running = checkpoint { $0.snapshot = .running }
        #expect(decide(running, slot(500)) == .success(.create(dropsFirst: true, snapshot: true)))
        #expect(decide(running, nil) == .success(.create(dropsFirst: false, snapshot: true)))
        let creating = checkpoint { $0.consistentPoint = .none }
        #expect(decide(creating, slot(500)) == .success(.create(dropsFirst: true, snapshot: true)))
    }

    @Test("Another server, another slot, or one put back in time, is an error")
    func otherHistory() {
        #expect(code(decide(checkpoint { $0.systemIdentifier = 8 }, slot())) == .serverReplaced)
        #expect(code(decide(checkpoint { $0.database = "other" }, slot())) == .serverReplaced)
        #expect(code(decide(checkpoint(1001), slot())) == .serverReplaced)
        #expect(code(decide(checkpoint { $0.slot = "old" }, slot())) == .slotUnknown)
    }

    @Test(
        "A slot of another kind is refused whatever is asked for",
        arguments: PostgresSourceSettings.SnapshotMode.allCases)
    func unsuitable(mode: PostgresSourceSettings.SnapshotMode) {
        #expect(code(decide(nil, slot { $0.plugin = "wal2json" }, mode: mode)) == .slotUnsuitable)
        #expect(code(decide(nil, slot { $0.slotType = "physical" }, mode: mode)) == .slotUnsuitable)
        #expect(code(decide(nil, slot { $0.database = "other" }, mode: mode)) == .slotUnsuitable)
        #expect(code(decide(nil, slot { $0.isTemporary = true }, mode: mode)) == .slotUnsuitable)
    }
}
