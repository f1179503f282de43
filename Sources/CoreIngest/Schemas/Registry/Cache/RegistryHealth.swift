/// How a registry answers, and whether it is worth asking: a state machine without clock and I/O. Times are microseconds of any
/// clock that does not jump.
struct RegistryHealth {
    /// When the first of the failures since the last answer was; nil while it answers.
    private(set) var failingSince: Int64?
    private(set) var lastError: SchemaError?
    /// Someone waited as long as it may take, and nothing has been answered since.
    private(set) var isSlow = false
    private var silentUntil: Int64 = .min
    private var second: Int64 = .min
    private var misses = 0
    private var wasted: Int64 = 0
    private var wastedAt: Int64 = 0

    mutating func answered(at time: Int64) {
        failingSince = nil
        isSlow = false
        silentUntil = .min
    }

    mutating func failed(_ error: SchemaError, at time: Int64, pause: Int64) {
        failingSince = failingSince ?? time
        lastError = error
        silentUntil = time + pause
    }

    mutating func waitedInVain(_ registry: String, _ patience: Duration, at time: Int64) {
        guard !isSlow else { return }
        isSlow = true
        if failingSince == nil {
            failingSince = time
            lastError = SchemaError(.unavailable, "\(registry) has not answered for \(patience)")
        }
    }

    /// A schema turned out to be missing.
    mutating func missed(at time: Int64) {
        if time / 1_000_000 != second {
            second = time / 1_000_000
            misses = 0
        }
        misses += 1
    }

    func missesAreMany(at time: Int64, most: Int) -> Bool { misses >= most && time / 1_000_000 == second }

    /// Someone waited so long for what turned out to be missing.
    mutating func wasted(_ duration: Int64, at time: Int64) {
        // What cannot be worked off within some seconds is forgotten: the registry may be better by then.
        wasted = min(waste(at: time) + max(0, duration), 1_000_000)
        wastedAt = time
    }

    /// The time that was waited so, less a quarter of what has passed since.
    func waste(at time: Int64) -> Int64 { max(0, wasted - (time - wastedAt) / 4) }

    /// After a failure, only when the pause is over.
    func mayAsk(at time: Int64) -> Bool { time >= silentUntil }

    mutating func askNow() { silentUntil = .min }

    /// What those are told who get no answer.
    func refusal(at time: Int64) -> SchemaError {
        lastError ?? SchemaError(.unavailable, "the schema registry has not answered yet")
    }
}
