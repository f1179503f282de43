/// How the calls of a lane's sink went. A state machine without I/O or clock.
struct LaneHealth {
    /// The sink has opened at least once.
    var wasOpened = false
    /// Failures in a row.
    private(set) var attempts = 0
    private(set) var lastError: String?
    /// The kind of the last failure; nil where it was mended.
    private(set) var failureCode: SinkFailure.Code?
    /// The last failure was one of opening.
    private var failedToOpen = false
    /// Microseconds since the Unix epoch.
    private(set) var lastErrorAt: Int64?
    /// Microseconds since the Unix epoch.
    private(set) var failingSince: Int64?
    /// The same, by the lane's clock.
    private var failingFrom: Duration?
    /// When the call that is in progress began.
    private(set) var callBegan: Duration?
    var lastPosition: Position?
    /// When the oldest batch in the window was taken in.
    var windowReceivedAt: Int64?
    var windowIsEmpty = true
    /// Why parking fails; nil when it does not.
    var diskError: String?
    /// Waiting with nothing to do.
    var isResting = false

    mutating func beganCall(at now: Duration) { callBegan = now }

    mutating func endedCall() { callBegan = nil }

    /// The sink is open. What failed before and was no opening is not mended by that: its next call tells, so that a sink that
    /// always opens and never takes anything is asked ever more rarely. Answers whether the sink had failed before.
    mutating func opened() -> Bool {
        wasOpened = true
        return failedToOpen ? succeeded() : false
    }

    /// Answers whether the sink had failed before.
    mutating func succeeded() -> Bool {
        defer {
            attempts = 0
            failureCode = nil
            failedToOpen = false
            failingSince = nil
            failingFrom = nil
        }
        return attempts > 0
    }

    /// `at`: microseconds since the Unix epoch; `now`: by the lane's clock. Answers the number of failures in a row, this one
    /// counted.
    mutating func failed(_ failure: SinkFailure, opening: Bool, at: Int64, now: Duration) -> Int {
        attempts += 1
        failedToOpen = opening
        lastError = "\(failure)"
        failureCode = failure.code
        lastErrorAt = at
        if failingSince == nil {
            failingSince = at
            failingFrom = now
        }
        return attempts
    }

    func isStalled(at now: Duration, after limit: Duration) -> Bool {
        guard let callBegan else { return false }
        return now - callBegan >= limit
    }

    func isInTrouble(at now: Duration, stallAfter: Duration) -> Bool {
        attempts > 0 || isStalled(at: now, after: stallAfter)
    }

    /// Whether calls have failed, or one has not returned, for so long.
    func isHeldUp(at now: Duration, for limit: Duration) -> Bool {
        if isStalled(at: now, after: limit) { return true }
        return failingFrom.map { now - $0 >= limit } ?? false
    }
}
