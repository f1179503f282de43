import CoreIngest

/// When to report to the server: at the latest after `interval`, at once when it asks, and soon when there is something new to
/// acknowledge. Also whether the server still lives. No clock, no I/O.
struct StatusSchedule {
    /// Shortest time between two reports of a new acknowledgement.
    static let pause: Duration = .milliseconds(100)

    /// Between reports.
    let interval: Duration
    /// Silence after which the server is asked for a sign of life.
    let askAfter: Duration
    /// Silence after which the connection is given up.
    let giveUpAfter: Duration

    private var lastSent: ContinuousClock.Instant
    private var lastHeard: ContinuousClock.Instant
    private var lastAsked: ContinuousClock.Instant?
    private var isAsked = false
    private(set) var flushed: LogSequenceNumber

    /// `senderTimeout`: the server's wal_sender_timeout; zero when it has none. `flushed`: what it was told before.
    init(
        interval: Duration, senderTimeout: Duration, flushed: LogSequenceNumber, now: ContinuousClock.Instant
    ) {
        let limit = senderTimeout > .zero ? senderTimeout / 3 : interval
        self.interval = max(.milliseconds(10), min(interval, limit))
        askAfter = senderTimeout > .zero ? min(.seconds(10), senderTimeout / 2) : .seconds(10)
        giveUpAfter = senderTimeout > .zero ? senderTimeout + max(.seconds(5), senderTimeout / 2) : .seconds(120)
        self.flushed = flushed
        // Due at once: the first report asks for a keepalive, which says where the server's log ends.
        lastSent = now - self.interval
        lastHeard = now
    }

    /// The server asks for a report.
    mutating func asked() { isAsked = true }

    mutating func heard(at now: ContinuousClock.Instant) { lastHeard = now }

    func isDue(at now: ContinuousClock.Instant, settled: LogSequenceNumber) -> Bool {
        isAsked || now >= next(settled: settled)
    }

    /// When a report is due, if nothing happens before.
    func next(settled: LogSequenceNumber) -> ContinuousClock.Instant {
        settled > flushed ? lastSent + Self.pause : lastSent + interval
    }

    /// Takes note of a report. Answers the position to report, which never goes back, and whether to ask for a reply.
    mutating func send(
        at now: ContinuousClock.Instant, settled: LogSequenceNumber
    ) -> (flush: LogSequenceNumber, wantsReply: Bool) {
        flushed = max(flushed, settled)
        lastSent = now
        isAsked = false
        let wantsReply = lastAsked.map { now - max(lastHeard, $0) >= askAfter } ?? true
        if wantsReply { lastAsked = now }
        return (flushed, wantsReply)
    }

    func isDead(at now: ContinuousClock.Instant) -> Bool { now - lastHeard >= giveUpAfter }
}
