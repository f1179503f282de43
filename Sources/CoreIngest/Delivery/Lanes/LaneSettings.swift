/// How one sink is written to. Sizes in bytes.
package struct LaneSettings: Sendable, Equatable {
    /// Whether the source's acknowledgement waits for this sink.
    package var deliveryRequired = true
    /// The most events and bytes of one write.
    package var batchEvents = 10_000
    package var batchBytes = 4 << 20
    /// How long a write that is not full waits for more. Zero: what is there is written at once.
    package var linger: Duration = .zero
    /// The bounds of the queue in memory.
    package var queueBytes = 8 << 20
    package var queueBatches = 1024
    /// A busy lane flushes after this time or this many bytes, whatever comes first; an idle one at once.
    package var flushInterval: Duration = .milliseconds(100)
    package var flushBytes = 16 << 20
    package var retry = RetryPolicy()
    /// A call that takes longer shows as stalled, and the lane parks.
    package var stallAfter: Duration = .seconds(10)
    /// Once calls have failed, or one has not returned, for so long, what waits in memory is parked too, so that the source
    /// can forget it.
    package var parkAfter: Duration = .seconds(2)
    package var park = Park()
    /// The bound of the sink's local dead letter file. When it is full the lane waits, and says so: nothing is dropped.
    package var deadLetterBytes = 1 << 30

    package struct Park: Sendable, Equatable {
        /// 0: nothing is parked. To be larger than the queue in memory and what is written between two flushes, as these
        /// are parked first.
        package var maxBytes = 1 << 30
        /// A file is at most about this large; delivered files are removed.
        package var segmentBytes = 16 << 20
        /// What becomes of new events of a sink whose delivery is not required.
        package var whenFull = WhenFull.deadletter

        package init() {}
    }

    package enum WhenFull: String, Sendable, CaseIterable {
        case deadletter
        case discard
    }

    package init() {}
}
