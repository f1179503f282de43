import Logging
import Synchronization

extension Lane {
    private static let parkedAtOnce = 8 << 20
    private static let pauseAfterDiskError = Duration.seconds(1)

    /// The parker. Returns when the lane is drained or abandoned.
    func runParker() async {
        while !abandoned {
            let chunk = queue.withLock { $0.beginParking(maxBytes: Self.parkedAtOnce) }
            if chunk.isEmpty {
                if draining { return }
                await parkWake.wait()
                continue
            }
            do throws(StateError) {
                try store(chunk)
                diskWorks()
            } catch {
                queue.withLock { $0.failedParking() }
                diskFails(error)
                // The writer may take them, and the source go on, by another way.
                wake.send()
                settlement.roomMayBeThere()
                await parkInterrupt.wait(atMost: Self.pauseAfterDiskError, by: time)
            }
        }
    }

    /// Makes batches safe that the queue in memory had no room for: all have the same fate.
    private func store(_ chunk: [QueuedBatch]) throws(StateError) {
        let events = chunk.reduce(0) { $0 + $1.events }
        var onDisk = 0
        switch chunk.first?.overflow {
        case nil:
            // Batches without events only keep their place in the order.
            let full = chunk.filter { $0.events > 0 }
            if !full.isEmpty { try park.append(full) }
            onDisk = full.count
            metrics.parked.add(events)
        case .deadletter:
            let letters = chunk.flatMap { queued in
                (queued.start..<queued.batch.records.count).compactMap { index in
                    queued.batch.records[index].operation.isControl ? nil : overflowLetter(queued.batch, index)
                }
            }
            try deadLetters.insert(letters, renderer: renderer)
            metrics.deadLettered.add(letters.count)
        case .discard:
            metrics.discarded.add(events)
        }
        let bytes = park.bytes
        let settled = queue.withLock { $0.endParking(onDisk: onDisk, parkedBytes: bytes) }
        if let requiredIndex {
            for (source, sequence) in settled { settlement.settled(source, lane: requiredIndex, through: sequence) }
        }
        wake.send()
        settlement.roomMayBeThere()
    }

    private func overflowLetter(_ batch: EventBatch, _ record: Int) -> DeadLetter {
        DeadLetter(
            batch: batch, record: record, reason: .parkFull, code: "park_full",
            error: "The park was full, and delivery to this sink is not required.", attempts: 0)
    }

    private func diskWorks() {
        let hadFailed = health.withLock { health in
            defer { health.diskError = nil }
            return health.diskError != nil
        }
        if hadFailed { logger.notice("Events can be parked again.") }
    }

    private func diskFails(_ error: StateError) {
        let isNew = health.withLock { health in
            defer { health.diskError = "\(error)" }
            return health.diskError == nil
        }
        if isNew { logger.error("Events cannot be parked, tried again every second: \(error)") }
    }
}
