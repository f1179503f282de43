import CoreIngest
import LogicalDecoding

/// Decides when `run --until-idle` is done: every source has handed over what its server's log held at the start, and all of it
/// has been delivered, with nothing new, for so long. Looks at statuses only; knows no clock.
struct IdleWatch {
    /// How long everything must have been quiet.
    let seconds: Double
    /// By source: how far the server's log reached at the start.
    let targets: [String: LogSequenceNumber]
    private var quietSince: Double?
    private var lastEvents: UInt64 = 0

    init(seconds: Double, targets: [String: LogSequenceNumber]) {
        self.seconds = seconds
        self.targets = targets
    }

    /// Takes a status at a time in seconds; answers whether it has been quiet for long enough. `isSettled`: nothing that was
    /// handed over is undelivered.
    mutating func isDone(_ status: InstanceStatus, isSettled: Bool, at now: Double) -> Bool {
        var isQuiet = isSettled && status.acknowledgementError == nil
        var events: UInt64 = 0
        for source in status.sources {
            events &+= source.status.events
            guard let target = targets[source.name], source.status.state == .streaming,
                source.status.received >= target, !source.status.isPaused, source.status.held == nil
            else {
                isQuiet = false
                continue
            }
        }
        for lane in status.lanes where lane.queuedEvents > 0 || lane.parkedBytes > 0 || lane.state != .ok {
            isQuiet = false
        }
        if events != lastEvents {
            lastEvents = events
            isQuiet = false
        }
        guard isQuiet else {
            quietSince = nil
            return false
        }
        let since = quietSince ?? now
        quietSince = since
        return now - since >= seconds
    }
}
