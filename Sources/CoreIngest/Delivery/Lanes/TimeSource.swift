/// A clock with its type erased: time since some beginning, and pauses.
struct TimeSource: Sendable {
    /// Time since this source was made.
    let now: @Sendable () -> Duration
    /// Returns after the duration; throws when the task is cancelled.
    let sleep: @Sendable (Duration) async throws -> Void

    init(_ clock: any Clock<Duration>) { self = Self.make(clock) }

    private init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    private static func make<C: Clock>(_ clock: C) -> TimeSource where C.Duration == Duration {
        let origin = clock.now
        return TimeSource(
            now: { origin.duration(to: clock.now) },
            sleep: { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) })
    }
}
