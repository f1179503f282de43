import SinkTesting
import Synchronization
import Testing

@testable import CoreIngest

@Suite struct RetryTimingTests {
    @Test func theLaneWaitsAsThePolicySaysAndNotLonger() async throws {
        let clock = ManualClock()
        let time = TimeSource(clock)
        let signal = Signal()
        let waiting = Task { await signal.wait(atMost: .seconds(10), by: time) }
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(9))
        #expect(clock.sleepers == 1)
        clock.advance(by: .seconds(1))
        await waiting.value
        #expect(time.now() == .seconds(10))
    }
}
