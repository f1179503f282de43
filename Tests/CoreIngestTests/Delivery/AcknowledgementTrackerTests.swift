import Testing

@testable import CoreIngest

@Suite struct AcknowledgementTrackerTests {
    @Test func nothingIsAcknowledgedBeforeTheSlowestLane() {
        var tracker = AcknowledgementTracker(lanes: 2)
        #expect(tracker.offered(token: 10) == 1)
        #expect(tracker.offered(token: 20) == 2)
        tracker.settled(lane: 0, through: 2)
        #expect(tracker.acknowledged == 0)
        tracker.settled(lane: 1, through: 1)
        #expect(tracker.acknowledged == 10)
        #expect(!tracker.isSettled)
        tracker.settled(lane: 1, through: 2)
        #expect(tracker.acknowledged == 20)
        #expect(tracker.isSettled)
    }

    @Test func aBatchInsideATransactionAcknowledgesNothing() {
        var tracker = AcknowledgementTracker(lanes: 1)
        _ = tracker.offered(token: 0)
        tracker.settled(lane: 0, through: 1)
        #expect(tracker.acknowledged == 0)
        #expect(tracker.isSettled)
    }

    @Test func anIdleSourceAdvancesAtOnce() {
        var tracker = AcknowledgementTracker(lanes: 1)
        tracker.advance(to: 50)
        #expect(tracker.acknowledged == 50)
    }

    @Test func anAdvanceWaitsForWhatCameBefore() {
        var tracker = AcknowledgementTracker(lanes: 1)
        _ = tracker.offered(token: 0)
        tracker.advance(to: 50)
        #expect(tracker.acknowledged == 0)
        tracker.settled(lane: 0, through: 1)
        #expect(tracker.acknowledged == 50)
    }

    @Test func acknowledgementsNeverFall() {
        var tracker = AcknowledgementTracker(lanes: 1)
        tracker.advance(to: 50)
        _ = tracker.offered(token: 30)
        tracker.settled(lane: 0, through: 1)
        tracker.advance(to: 40)
        #expect(tracker.acknowledged == 50)
    }

    @Test func withoutRequiredLanesEverythingIsAcknowledged() {
        var tracker = AcknowledgementTracker(lanes: 0)
        _ = tracker.offered(token: 10)
        #expect(tracker.acknowledged == 10)
    }

    @Test func aLaneThatLostItsPlaceHoldsUntilTheSourceHasSentAgain() {
        var tracker = AcknowledgementTracker(lanes: 2)
        _ = tracker.offered(token: 10)
        let dropped = tracker.offered(token: 20)
        tracker.lostPlace(lane: 1, at: dropped)
        tracker.settled(lane: 0, through: 2)
        tracker.settled(lane: 1, through: 1)
        #expect(tracker.acknowledged == 10)
        _ = tracker.offered(token: 30)
        tracker.settled(lane: 0, through: 3)
        tracker.advance(to: 35)
        #expect(tracker.acknowledged == 10)
        #expect(!tracker.isSettled)
        // It may still hold batches from before.
        #expect(tracker.resumed(lane: 1) == 3)
        #expect(!tracker.isSettled)
        #expect(tracker.acknowledged == 10)
        let again = tracker.offered(token: 20)
        tracker.settled(lane: 0, through: again)
        #expect(tracker.acknowledged == 10)
        tracker.settled(lane: 1, through: again)
        #expect(tracker.acknowledged == 20)
    }

    /// Against a model that remembers everything: an acknowledged token has all before it settled by every lane.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomWalkNeverAcknowledgesTooMuchAndAllInTheEnd(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let lanes = Int.random(in: 1...4, using: &random)
        var tracker = AcknowledgementTracker(lanes: lanes)
        var tokens: [(sequence: UInt64, token: UInt64)] = []
        var through = [UInt64](repeating: 0, count: lanes)
        var nextToken: UInt64 = 1
        for _ in 0..<5000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let token = Bool.random(using: &random) ? nextToken : 0
                nextToken += 1
                let sequence = tracker.offered(token: token)
                tokens.append((sequence, token))
            case 4:
                tracker.advance(to: nextToken)
                tokens.append((tracker.last, nextToken))
                nextToken += 1
            default:
                let lane = Int.random(in: 0..<lanes, using: &random)
                guard through[lane] < tracker.last else { continue }
                through[lane] = UInt64.random(in: through[lane] + 1...tracker.last, using: &random)
                tracker.settled(lane: lane, through: through[lane])
            }
            let floor = through.min() ?? 0
            let expected = tokens.filter { $0.sequence <= floor }.map(\.token).max() ?? 0
            #expect(tracker.acknowledged == expected, "seed \(seed)")
            if tracker.acknowledged != expected { return }
        }
        for lane in 0..<lanes { tracker.settled(lane: lane, through: tracker.last) }
        #expect(tracker.isSettled)
        #expect(tracker.acknowledged == tokens.map(\.token).max() ?? 0)
    }
}

@Suite struct RetryPolicyTests {
    @Test(arguments: [
        (1, 100), (2, 200), (3, 400), (4, 800), (5, 1600), (6, 3200), (7, 6400), (8, 12_800), (9, 25_600), (10, 30_000),
        (1000, 30_000),
    ])
    func pausesDoubleUpToTheCap(attempt: Int, milliseconds: Int) {
        let policy = RetryPolicy()
        #expect(policy.delay(attempt: attempt, jitter: 1) == .milliseconds(milliseconds))
        #expect(policy.delay(attempt: attempt, jitter: 0) == .milliseconds(milliseconds) / 2)
    }

    @Test func whatTheDestinationAsksForIsRespected() {
        let policy = RetryPolicy()
        let patient = SinkFailure(.throttled, "later", retryAfter: .seconds(90))
        #expect(policy.pause(attempt: 1, after: patient, jitter: 0) == .seconds(90))
        let hasty = SinkFailure(.throttled, "later", retryAfter: .milliseconds(1))
        #expect(policy.pause(attempt: 1, after: hasty, jitter: 1) == .milliseconds(100))
    }
}
