import Logging
import Synchronization

extension Lane {
    /// Puts events into the local dead letters, however long it takes. False when the lane was abandoned before.
    func bury(_ letters: [DeadLetter]) async -> Bool {
        guard !letters.isEmpty else { return true }
        while !abandoned {
            do throws(StateError) {
                try deadLetters.insert(letters, renderer: renderer)
                metrics.deadLettered.add(letters.count)
                return true
            } catch {
                await pause(after: SinkFailure(.storageFull, "\(error)"), while: "write dead letters")
            }
        }
        return false
    }

    /// Dead-letters what a sink rejected, and leaves it out of what is written again. False when the lane was abandoned before.
    func bury(_ rejections: [Rejection], of gathered: LaneWindow.Gathered, _ writer: inout LaneWriter) async -> Bool {
        var letters: [DeadLetter] = []
        for rejection in rejections {
            // A sink's mistake must not bring the process down.
            guard gathered.slices.indices.contains(rejection.slice),
                gathered.slices[rejection.slice].range.contains(rejection.record)
            else {
                logger.error("The sink rejected an event that it was not given: \(rejection.failure)")
                continue
            }
            let batch = gathered.slices[rejection.slice].batch
            guard !batch.records[rejection.record].operation.isControl else { continue }
            letters.append(
                DeadLetter(
                    batch: batch, record: rejection.record, reason: .rejected, code: rejection.failure.code.rawValue,
                    error: rejection.failure.message, attempts: 1))
        }
        guard await bury(letters) else { return false }
        for rejection in rejections where gathered.slices.indices.contains(rejection.slice) {
            writer.window.exclude(entry: gathered.owners[rejection.slice], record: rejection.record)
        }
        return true
    }

    /// Dead-letters events that failed validation, where the sink does not take them, and those that were set aside for their schema
    /// in any case: they are not invalid, and can be replayed. Answers their indices.
    func buryInvalid(of queued: QueuedBatch) async -> [Int] {
        let batch = queued.batch
        let takesInvalid = sink.takesInvalidEvents
        var excluded: [Int] = []
        for index in queued.start..<batch.records.count {
            let record = batch.records[index]
            guard !record.operation.isControl else { continue }
            if !record.flags.isDisjoint(with: .setAside) || (record.isInvalid && !takesInvalid) {
                excluded.append(index)
            }
        }
        guard !excluded.isEmpty else { return [] }
        let letters = excluded.map { index in
            let record = batch.records[index]
            let reason: DeadLetterClass =
                record.flags.contains(.schemaHeld)
                ? .schemaChange : record.flags.contains(.schemaUnavailable) ? .schemaUnavailable : .validationFailed
            let verdict = SchemaVerdict(batch.text(of: record.validationError))
            return DeadLetter(
                batch: batch, record: index, reason: reason, code: reason.rawValue, error: verdict.message, attempts: 1,
                group: verdict.groupKey)
        }
        // Abandoned: the batch is not settled, so it will come again.
        _ = await bury(letters)
        return excluded
    }
}
