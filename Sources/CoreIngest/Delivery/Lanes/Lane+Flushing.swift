import Logging
import Synchronization

/// The writer's other half: what is flushed is settled, and forgotten.
extension Lane {
    func flushIsDue(_ writer: LaneWriter) -> Bool {
        guard let since = writer.takenSince else { return false }
        return writer.window.takenBytes >= settings.flushBytes || time.now() - since >= settings.flushInterval
    }

    func flush(_ writer: inout LaneWriter) async {
        writer.flushesNow = false
        if writer.window.hasTaken {
            do throws(SinkFailure) {
                let began = time.now()
                try await timed { () async throws(SinkFailure) in try await sink.flush() }
                metrics.flushSeconds.observe((time.now() - began).seconds)
                succeeded()
            } catch {
                // It is unknown what became durable: everything since the last flush goes again.
                writer.window.rewind { durable($0, writer.durable) }
                writer.takenSince = nil
                return await failed(error, while: "flush", &writer)
            }
        }
        writer.takenSince = nil
        let done = writer.window.flushed()
        settle(done)
        let oldest = writer.window.entries.first?.queued.batch.receivedAt
        let position = done.last(where: { $0.events > 0 })?.batch.records.last?.position
        health.withLock {
            $0.windowIsEmpty = oldest == nil
            $0.windowReceivedAt = oldest
            if let position { $0.lastPosition = position }
        }
        askForLostPlaces()
        settlement.roomMayBeThere()
    }

    private func settle(_ done: [QueuedBatch]) {
        tables.withLock { tables in for queued in done { tables.delivered(queued.batch) } }
        report(queue.withLock { $0.flushed(done) })
    }

    /// Lets go on disk what is delivered, and tells what is settled. From the writer and the parker.
    func report(_ settled: LaneQueue.Settled) {
        if let ticket = settled.consumed {
            park.consumed(through: ticket)
            queue.withLock { $0.parkedBytes = park.bytes }
        }
        guard let requiredIndex else { return }
        for (source, sequence) in settled.through {
            settlement.settled(source, lane: requiredIndex, through: sequence)
        }
    }

    /// Once the lane can take batches again, the sources whose events it had to drop go back.
    func askForLostPlaces() {
        guard !isInTrouble else { return }
        let lost = queue.withLock { $0.hasMemoryRoom ? $0.lostSources : [] }
        for source in lost where replaysAsked.withLock({ $0.insert(source).inserted }) {
            logger.notice("The sink has recovered; the source goes back to where it lost its place.")
            settlement.askForReplay(source)
        }
    }
}
