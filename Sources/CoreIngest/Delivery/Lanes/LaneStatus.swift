/// How one sink's lane is doing.
package struct LaneStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Not connected for the first time yet.
        case starting
        case ok
        /// The last call failed; it is called again after a pause.
        case retrying
        /// A call has not returned for a long time.
        case stalled
        /// Events wait on disk.
        case parking
        /// The park is full: the sources' acknowledgements are held, so Postgres keeps its WAL, and the spool its events.
        case holding
    }

    package var sink: String
    package var isRequired: Bool
    package var state: State
    /// Failures in a row.
    package var attempts: Int
    /// The last failure, also after it was mended: see ``isFailing``.
    package var lastError: String?
    /// When that was: microseconds since the Unix epoch.
    package var lastErrorAt: Int64?
    /// The last failure still stands.
    package var isFailing: Bool
    /// Microseconds since the Unix epoch; nil while all is well.
    package var failingSince: Int64?
    package var queuedEvents: Int
    package var queuedBytes: Int
    package var parkedBatches: Int
    package var parkedBytes: Int
    package var deadLetters: Int
    package var deliveredEvents: UInt64
    package var discardedEvents: UInt64
    /// The last event that is durable in the destination.
    package var lastPosition: Position?
    /// Age of the oldest event that is not delivered, by the time it was taken in; 0 when there is none.
    package var lagSeconds: Double
    /// The sink was opened at least once since the start.
    package var wasOpened = true
    /// The kind of failure that stands; nil while all is well.
    package var failureCode: SinkFailure.Code?
    /// Whether only a person can mend what stands.
    package var needsPerson: Bool { failureCode == .unauthorized || failureCode == .misconfigured }
    /// The tables whose events came since the start.
    package var tables: [TableLag] = []
    /// What the sink used of its destination since the start, where that is counted.
    package var usage: [UsageFigure] = []
}

/// How the delivery as a whole is doing.
package struct PipelineStatus: Sendable {
    package struct Source: Sendable, Equatable {
        package var identity: SourceIdentity
        /// The position of the last event that was taken in.
        package var lastPosition: Position
        package var acknowledged: UInt64
        /// A required sink has lost its place: nothing is acknowledged until it has recovered.
        package var isHeld: Bool
        package var isSettled: Bool
    }

    package var lanes: [LaneStatus]
    package var sources: [Source]
    /// Why acknowledgements could not be persisted; nil when they can.
    package var acknowledgementError: String?
}
