import CoreIngest

/// One entry of `sinks`: what every sink has, and its own part in ``destination``.
struct SinkConfiguration: Sendable {
    /// `[A-Za-z0-9_-]`, unique among the sinks.
    var name: String
    var deliveryRequired: Bool
    var batch: BatchBounds
    var flush: FlushLimits
    var retry: RetryLimits
    var queue: QueueLimits
    var park: ParkLimits
    /// Bytes of the sink's local dead letter store.
    var deadLettersMaxBytes: Int
    /// The part of the sink's type: a ``FileSinkConfiguration``, a ``PostgresSinkConfiguration`` and so on.
    var destination: any SinkDestination
}

/// When what was taken is made durable (and then acknowledged): by whichever bound is reached first.
struct FlushLimits: Sendable, Equatable {
    var interval: Duration
    var maxBytes: Int
}

/// Pauses between attempts: `initial`, then twice the one before, at most `max`.
struct RetryLimits: Sendable, Equatable {
    var initial: Duration
    var max: Duration
}

/// What a lane holds in memory before it parks.
struct QueueLimits: Sendable, Equatable {
    var maxBytes: Int
    var maxBatches: Int
}

/// What a lane holds on disk while its sink is down.
struct ParkLimits: Sendable, Equatable {
    var maxBytes: Int
    /// What a sink with `deliveryRequired: false` does when the park is full; one with `true` holds the acknowledgement.
    var whenFull: WhenFull
    /// How long a sink may fail, or be silent, before what waits in memory is parked too.
    var after: Duration = .seconds(2)

    enum WhenFull: String, Sendable, CaseIterable { case deadletter, discard }
}
