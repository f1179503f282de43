import Logging
import Synchronization

extension Lane {
    /// Puts events into the local dead letters, however long it takes. False when the lane was abandoned before.
    func bury(_ letters: [DeadLetter]) async -> Bool {
        let letters = withoutYielded(letters)
        guard !letters.isEmpty else { return true }
        while !abandoned {
            do throws(StateError) {
                try deadLetters.insert(letters, renderer: renderer)
                metrics.deadLettered.add(letters.count)
                tell(of: letters)
                return true
            } catch {
                await pause(after: SinkFailure(.storageFull, "\(error)"), while: "write dead letters")
            }
        }
        return false
    }

    /// One line for each kind of refusal since the start: a sink that refuses events is otherwise well.
    private func tell(of letters: [DeadLetter]) {
        for letter in letters where letter.reason == .rejected || letter.reason == .poison {
            let stream = letter.batch.stream(of: letter.batch.records[letter.record]).qualifiedName
            let kind = DeadLetterGroup.key(
                reason: letter.reason.rawValue, code: letter.code, schema: stream, error: letter.error)
            let isNew = toldRefusals.withLock { told in
                told.count < Self.mostToldRefusals && told.insert(kind).inserted
            }
            guard isNew else { continue }
            logger.warning(
                "An event of \(stream) was refused and is a dead letter; more of its kind are only counted: \(letter.error). See 'buz-cdc deadletters list --sink \(sink.name)'"
            )
        }
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
    /// in any case: they are not invalid, and can be replayed. Answers their indices; `letters` are to be buried.
    func invalid(of queued: QueuedBatch, into letters: inout [DeadLetter]) -> [Int] {
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
        letters += excluded.map { index in
            let record = batch.records[index]
            let reason: DeadLetterClass =
                record.flags.contains(.schemaHeld)
                ? .schemaChange : record.flags.contains(.schemaUnavailable) ? .schemaUnavailable : .validationFailed
            let verdict = SchemaVerdict(batch.text(of: record.validationError))
            return DeadLetter(
                batch: batch, record: index, reason: reason, code: reason.rawValue, error: verdict.message, attempts: 1,
                group: verdict.groupKey)
        }
        return excluded
    }

    // MARK: Sources that yield

    /// Whether sources that yield are to wait, as their dead letters would leave none for the others: what strangers send must not
    /// stop a lane. Where delivery is not required nobody is held up.
    func holdsYielded() -> Bool {
        guard isRequired, deadLetters.isNearlyFull else { return false }
        if !yieldedIsHeld.exchange(true, ordering: .relaxed) {
            logger.error(
                "The dead letters have three quarters of their bound of \(settings.deadLetterBytes) bytes: collected events wait in the spool. Replay, export or discard some with `buz-cdc deadletters`, or set deadletterOutput."
            )
        }
        return true
    }

    /// Looks again where sources that yield are held. Answers whether they may go on.
    func letsYieldedGoOn() -> Bool {
        guard deadLetters.isNearlyFull else { return yieldedIsHeld.load(ordering: .relaxed) && endHold() }
        return !deadLetters.measure() && endHold()
    }

    private func endHold() -> Bool {
        if yieldedIsHeld.exchange(false, ordering: .relaxed) {
            logger.notice("The dead letters have room again: collected events go on.")
        }
        return true
    }

    /// Without those of sources that yield, where they would leave no room and delivery is not required: these are discarded.
    private func withoutYielded(_ letters: [DeadLetter]) -> [DeadLetter] {
        guard !isRequired, deadLetters.isNearlyFull else { return letters }
        let kept = letters.filter { letter in
            settlement.index(of: letter.batch.source).map(settlement.yields) != true
        }
        guard kept.count < letters.count else { return letters }
        metrics.discarded.add(letters.count - kept.count)
        if !yieldedIsHeld.exchange(true, ordering: .relaxed) {
            logger.error(
                "The dead letters have three quarters of their bound of \(settings.deadLetterBytes) bytes: collected events that this sink does not take are discarded, as delivery to it is not required."
            )
        }
        return kept
    }
}
