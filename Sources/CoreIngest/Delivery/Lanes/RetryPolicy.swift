/// How long a lane waits before it calls a failing sink again. A pure function of the attempt.
///
/// With the defaults, and the jitter at its highest:
///
/// | attempt | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 and later |
/// |---|---|---|---|---|---|---|---|---|---|---|
/// | seconds | 0.1 | 0.2 | 0.4 | 0.8 | 1.6 | 3.2 | 6.4 | 12.8 | 25.6 | 30 |
///
/// The jitter takes away up to half, so that many lanes that failed together do not come back together.
package struct RetryPolicy: Sendable, Equatable {
    package var first: Duration
    package var cap: Duration

    package init(first: Duration = .milliseconds(100), cap: Duration = .seconds(30)) {
        self.first = first
        self.cap = cap
    }

    /// `attempt`: failures in a row, from 1. `jitter`: from 0 (half of the time) to 1 (all of it).
    package func delay(attempt: Int, jitter: Double) -> Duration {
        var delay = first
        var left = attempt - 1
        while left > 0, delay < cap {
            delay *= 2
            left -= 1
        }
        return min(delay, cap) * (0.5 + 0.5 * jitter)
    }

    /// The pause after a failure: what the destination asked for, where that is longer.
    func pause(attempt: Int, after failure: SinkFailure, jitter: Double) -> Duration {
        max(delay(attempt: attempt, jitter: jitter), failure.retryAfter ?? .zero)
    }
}
