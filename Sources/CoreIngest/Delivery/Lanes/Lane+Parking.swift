import Logging
import Synchronization

extension Lane {
    private static let parkedAtOnce = 8 << 20
    private static let pauseAfterDiskError = Duration.seconds(1)

    /// The parker. Returns when the lane is drained or abandoned.
    func runParker() async {
        while !abandoned {
            let chunk = queue.withLock { $0.beginParking(maxBytes: Self.parkedAtOnce) }
            if chunk.batches.isEmpty {
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

    /// Makes batches safe elsewhere than in memory.
    private func store(_ chunk: LaneQueue.Chunk) throws(StateError) {
        var tickets: [ParkTicket?] = []
        if chunk.isOverflow {
            let letters = chunk.batches.flatMap { queued in
                (queued.start..<queued.batch.records.count).compactMap { index in
                    queued.batch.records[index].operation.isControl ? nil : overflowLetter(queued.batch, index)
                }
            }
            try deadLetters.insert(letters, renderer: renderer)
            metrics.deadLettered.add(letters.count)
        } else {
            // Batches without events only keep their place in the order.
            let full = chunk.batches.filter { $0.events > 0 }
            let taken = chunk.batches.prefix(chunk.taken).count { $0.events > 0 }
            var stored = try (full.isEmpty ? [] : park.append(full, alreadyRead: taken))[...]
            tickets = chunk.batches.map { $0.events > 0 ? stored.popFirst() : nil }
            metrics.parked.add(full.reduce(0) { $0 + $1.events })
        }
        report(queue.withLock { $0.endParking(tickets, parkedBytes: park.bytes) })
        wake.send()
        settlement.roomMayBeThere()
    }

    /// Called from time to time: parks what waits in memory once the sink has been failing or silent for long enough.
    func parkWhereHeldUp() {
        let now = time.now()
        guard health.withLock({ $0.isHeldUp(at: now, for: settings.parkAfter) }) else { return }
        parkAll()
    }

    func parkAll() {
        if queue.withLock({ $0.beginParkingAll() }) { parkWake.send() }
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
