/// When to let data gather before reading on.
///
/// A reader that wakes for every message makes the walsender pay a wake-up for each, and that is what limits the stream. So
/// while there is a backlog the reader rests in short slices before it reads, as long as the socket keeps filling. When it has
/// caught up it never rests: it waits in `poll(2)` and reads at once.
///
/// A backlog shows in two ways: a read brings much, or the waits are short again and again, each for one more message, as a
/// walsender that wakes its reader for every message never lets much come together. No clock, no I/O.
struct GatherPacing {
    enum Step: Equatable {
        /// Nothing is here: wait for the socket.
        case wait
        case read
        /// Sleep this long, then ask again.
        case rest(microseconds: Int)
    }

    /// With this much in the socket there is nothing to rest for: a quarter of what one read of libpq takes. More would let the
    /// small buffer of a Unix socket fill up.
    static let enough = 4 << 10
    /// A read that brought less was a lone transaction.
    static let little = 512
    /// A wait that was shorter, so many times in a row, means a steady flow.
    static let shortWait: Duration = .microseconds(400)
    static let shortWaits = 8
    static let sliceMicroseconds = 50
    static let maxSlices = 2

    private let isEnabled: Bool
    private var isBehind = false
    /// How many times in a row there was much, without waiting in between.
    private var streak = 0
    private var shortInARow = 0
    private var slices = 0
    private var lastReadable = 0

    init(isEnabled: Bool) { self.isEnabled = isEnabled }

    /// The backlog has lasted: batches may fill up, as latency is lost already.
    var isSustained: Bool { streak >= 3 }

    /// Everything that was read has been taken in: so many bytes since the last wait.
    mutating func drained(bytes: Int) {
        isBehind = isEnabled && bytes > 0 && (bytes >= Self.little || shortInARow >= Self.shortWaits)
        streak = isBehind ? streak + 1 : 0
        slices = 0
        lastReadable = 0
    }

    /// The socket was waited for, for so long.
    mutating func waited(_ duration: Duration) {
        shortInARow = duration < Self.shortWait ? min(shortInARow + 1, Self.shortWaits) : 0
        if shortInARow == 0 { streak = 0 }
    }

    /// What to do next, with so many bytes in the socket.
    mutating func next(readable: Int) -> Step {
        guard isBehind else { return .wait }
        let hasPaused = slices > 0 && readable > 0 && readable == lastReadable
        if readable >= Self.enough || slices == Self.maxSlices || hasPaused {
            isBehind = false
            return readable > 0 ? .read : .wait
        }
        slices += 1
        lastReadable = readable
        return .rest(microseconds: Self.sliceMicroseconds)
    }
}
