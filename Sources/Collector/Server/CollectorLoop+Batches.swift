import CoreIngest
import NIOCore

extension CollectorLoop {
    /// Hands events over at the end of the turn, or at once when they are many.
    func scheduleHandOver() {
        if events.byteCount >= Self.mostBatchBytes { handOver() } else { scheduleTurnEnd() }
    }

    /// Sends the answers of a connection at the end of the turn. They go out together, as those of a batch do: clients that share a
    /// machine are woken once and not for each answer.
    func scheduleAnswers(of connection: CollectorConnection) {
        answering.append(connection)
        scheduleTurnEnd()
    }

    /// A turn ends when all connections that are readable now were read.
    private func scheduleTurnEnd() {
        if isTurnEndScheduled { return }
        isTurnEndScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.endTurn() }
    }

    private func endTurn() {
        isTurnEndScheduled = false
        handOver()
        swap(&answering, &answered)
        for connection in answered { connection.answerNow() }
        answered.removeAll(keepingCapacity: true)
    }

    func handOver() {
        guard !events.isEmpty else { return }
        let chunk = shared.spool.tail.emptyChunk()
        chunk.take(&events)
        let number = batch
        batch += 1
        if !waiting.isEmpty {
            inFlight[number] = waiting
            waiting = []
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        shared.spool.append(chunk) { outcome in
            eventLoop.execute { bound.value.settled(number, outcome) }
        }
    }

    func settled(_ number: UInt64, _ outcome: Spool.Outcome) {
        switch outcome {
        case .written(let end) where shared.settings.acknowledge == .delivered:
            undelivered.append((end, number))
            delivered(upTo: shared.spool.acknowledged)
        case .written: answer(number, isSafe: true)
        case .failed: answer(number, isSafe: false)
        }
    }

    /// Every required sink has what lies before an offset of the spool.
    func delivered(upTo offset: UInt64) {
        while let first = undelivered.first, first.end <= offset {
            _ = undelivered.popFirst()
            answer(first.batch, isSafe: true)
        }
    }

    func answer(_ number: UInt64, isSafe: Bool) {
        guard let connections = inFlight.removeValue(forKey: number) else { return }
        for connection in connections { connection.settled(number, isSafe: isSafe) }
    }
}
