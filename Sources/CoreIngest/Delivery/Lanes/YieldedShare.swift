/// What of a lane's queue is of sources that yield: they keep their events on a disk of their own, and can wait there.
///
/// While another source is read too, such a source takes what fills the next write, and beyond that an eighth of the queue. So
/// what others bring waits behind one write and no more, a flood never crowds them out, and nobody starves.
struct YieldedShare {
    private var batches = 0
    private var events = 0
    private var bytes = 0

    mutating func add(_ queued: QueuedBatch) {
        batches += 1
        events += queued.events
        bytes += queued.cost
    }

    mutating func remove(_ queued: QueuedBatch) {
        batches -= 1
        events -= queued.events
        bytes -= queued.cost
    }

    /// Whether it is less than an eighth of what the lane holds.
    func isSmall(for settings: LaneSettings) -> Bool {
        batches < max(1, settings.queueBatches / 8) && bytes < settings.queueBytes / 8
            && events < max(1, settings.batchEvents / 8)
    }
}

extension LaneQueue {
    /// Whether a source may add to what waits in memory.
    func hasMemoryRoom(yields: Bool) -> Bool {
        guard hasMemoryRoom, yields else { return hasMemoryRoom }
        let isNextWriteFull =
            waitingBytes >= min(settings.batchBytes, settings.queueBytes / 2)
            || waitingEvents >= settings.batchEvents || waitingBatches >= max(1, settings.queueBatches / 2)
        return !isNextWriteFull || yielded.isSmall(for: settings)
    }
}
