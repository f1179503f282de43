import Logging
import Synchronization

/// What the writer's task keeps between its steps.
struct LaneWriter {
    var window = LaneWindow()
    /// What the destination says it has.
    var durable: [SourceIdentity: Position] = [:]
    /// Up to where each history was taken into the window, by this run.
    var taken: [SourceIdentity: Position] = [:]
    /// Histories of which the sink knows what they continue.
    var followed: Set<SourceIdentity> = []
    var needsOpen = true
    /// When something was written first after the last flush.
    var takenSince: Duration?
    /// What was written is flushed before anything else is.
    var flushesNow = false
}

extension Lane {
    /// The writer. Returns when drained or abandoned.
    func run() async {
        var writer = LaneWriter()
        while !abandoned {
            if draining, writer.window.isEmpty, !hasWorkToDrain { break }
            if writer.needsOpen {
                await open(&writer)
                continue
            }
            await fill(&writer)
            if writer.window.hasPending {
                await lingerForMore(&writer)
                await write(&writer)
                if !writer.needsOpen, writer.flushesNow || flushIsDue(writer) { await flush(&writer) }
            } else if !writer.window.isEmpty {
                await flush(&writer)
            } else {
                askForLostPlaces()
                await wake.wait()
            }
        }
        // A sink that never opened has nothing to close, but may hold what a failed attempt left.
        await sink.close()
    }

    /// Parked events may stay on disk; a later run delivers them.
    private var hasWorkToDrain: Bool { queue.withLock { $0.hasWaiting } }

    // MARK: Opening

    private func open(_ writer: inout LaneWriter) async {
        do throws(SinkFailure) {
            let positions = try await timed { () async throws(SinkFailure) in try await sink.open() }
            writer.durable.merge(positions) { $1 }
            writer.window.rewind { durable($0, writer.durable) }
            writer.takenSince = nil
            writer.needsOpen = false
            if health.withLock({ $0.opened() }) { logger.notice("The sink works again.") }
        } catch {
            await pause(after: error, while: "open")
        }
    }

    // MARK: Filling

    /// Takes from the queue until the next write is full.
    private func fill(_ writer: inout LaneWriter) async {
        var letters: [DeadLetter] = []
        while writer.window.pendingEvents < settings.batchEvents, writer.window.pendingBytes < settings.batchBytes {
            guard let queued = await takeNext() else { break }
            let excluded = invalid(of: queued, into: &letters)
            writer.window.append(queued, excluded: excluded, durable: held(of: queued.batch, &writer))
        }
        // Abandoned: the batches are not settled, so they will come again.
        _ = await bury(letters)
        let oldest = writer.window.entries.first?.queued.batch.receivedAt
        health.withLock {
            $0.windowIsEmpty = oldest == nil
            $0.windowReceivedAt = oldest
        }
        if !isInTrouble { queue.withLock { $0.caughtUp() } }
        settlement.roomMayBeThere()
    }

    /// What of a batch's history needs not be written: the destination has it, or this run took it while it was the history before.
    /// That stands in the window ahead of what comes now, or is flushed.
    private func held(of batch: EventBatch, _ writer: inout LaneWriter) -> Position {
        let source = batch.source
        var held = durable(source, writer.durable)
        if let before = predecessor(of: source) {
            if let taken = writer.taken[before.identity] { held = max(held, before.inherited(taken)) }
            if let sink = sink as? any HistoryFollowingSink, writer.followed.insert(source).inserted {
                sink.follow(source, before)
            }
        }
        if let last = batch.records.last { writer.taken[source] = max(writer.taken[source] ?? .start, last.position) }
        return held
    }

    private func takeNext() async -> QueuedBatch? {
        // Before the queue shrinks, so that at no moment the lane looks idle while it holds a batch.
        health.withLock { $0.windowIsEmpty = false }
        switch queue.withLock({ $0.next() }) {
        case .batch(let queued): return queued
        // While draining, what is on disk stays there, and so does what comes after it.
        case .parked: return draining ? nil : await readParked()
        case .nothing: return nil
        }
    }

    private func readParked() async -> QueuedBatch? {
        var damages: [String] = []
        defer { for damage in damages { logger.error("\(damage)") } }
        do throws(StateError) {
            guard let (batch, start, ticket) = try park.read(damages: &damages) else {
                queue.withLock { $0.parkIsEmpty() }
                return nil
            }
            queue.withLock { $0.tookParked() }
            return QueuedBatch(batch: batch, source: -1, sequence: 0, start: start, ticket: ticket)
        } catch {
            await pause(after: SinkFailure(.other, "\(error)"), while: "read parked events")
            // Nothing else wakes the writer for another attempt.
            wake.send()
            return nil
        }
    }

    /// Waits for more where the configuration says so and the next write is not full.
    private func lingerForMore(_ writer: inout LaneWriter) async {
        guard settings.linger > .zero else { return }
        let end = time.now() + settings.linger
        while !draining, !abandoned, writer.window.pendingEvents < settings.batchEvents,
            writer.window.pendingBytes < settings.batchBytes
        {
            let left = end - time.now()
            guard left > .zero else { return }
            await wake.wait(atMost: left, by: time)
            await fill(&writer)
        }
    }

    // MARK: Writing

    private func write(_ writer: inout LaneWriter) async {
        let gathered = writer.window.gather(maxEvents: settings.batchEvents, maxBytes: settings.batchBytes)
        guard !gathered.slices.isEmpty else { return writer.window.took(gathered) }
        let outcome = await timedWrite(gathered.slices)
        switch outcome {
        case .delivered:
            took(gathered, &writer)
        case .rejected(let rejections):
            guard await bury(rejections, of: gathered, &writer) else { return }
            took(gathered, except: rejections.count, &writer)
        case .refused(let failure):
            logger.warning("A batch of \(gathered.events) events was refused, looking for the one to blame: \(failure)")
            await bisect(gathered, failure, &writer)
        case .failed(let failure):
            await failed(failure, while: "write", &writer)
        }
    }

    private func took(_ gathered: LaneWindow.Gathered, except buried: Int = 0, _ writer: inout LaneWriter) {
        writer.window.took(gathered)
        if gathered.endsShape { writer.flushesNow = true }
        if writer.takenSince == nil { writer.takenSince = time.now() }
        metrics.delivered.add(max(0, gathered.events - buried))
        metrics.deliveredBytes.add(gathered.bytes)
        succeeded()
    }

    private func bisect(
        _ gathered: LaneWindow.Gathered, _ firstRefusal: SinkFailure, _ writer: inout LaneWriter
    ) async {
        var bisection = Bisection(ranges: gathered.slices.map(\.range))
        var outcome = WriteOutcome.refused(firstRefusal)
        var writes = 1
        var buried = 0
        while let part = bisection.current {
            switch outcome {
            case .delivered:
                bisection.delivered()
            case .rejected(let rejections):
                guard await bury(rejections, of: gathered.part(part), &writer) else { return }
                buried += rejections.count
                bisection.delivered()
            case .refused(let failure):
                guard let poison = bisection.refused() else { break }
                guard await buryPoison(poison, failure, writes: writes, gathered, &writer) else { return }
                buried += 1
                bisection.delivered()
            case .failed(let failure):
                await failed(failure, while: "write", &writer)
                // The window will be put back: what is left is gathered anew.
                if writer.needsOpen { return }
            }
            guard let next = bisection.current else { break }
            if abandoned { return }
            writes += 1
            outcome = await timedWrite(gathered.part(next).slices)
        }
        took(gathered, except: buried, &writer)
    }

    /// False when the write has to be done again.
    private func buryPoison(
        _ poison: Bisection.Piece, _ failure: SinkFailure, writes: Int, _ gathered: LaneWindow.Gathered,
        _ writer: inout LaneWriter
    ) async -> Bool {
        let batch = gathered.slices[poison.origin].batch
        let record = poison.range.lowerBound
        if batch.records[record].operation.isControl {
            // A mark is not an event: without it a mirror would be wrong, so the lane waits for someone to mend it.
            await failed(failure, while: "write", &writer)
            return false
        }
        let letter = DeadLetter(
            batch: batch, record: record, reason: .poison, code: failure.code.rawValue, error: failure.message,
            attempts: writes)
        guard await bury([letter]) else { return false }
        writer.window.exclude(entry: gathered.owners[poison.origin], record: record)
        return true
    }

    // MARK: Calls and failures

    private func timedWrite(_ slices: [BatchSlice]) async -> WriteOutcome {
        let began = time.now()
        health.withLock { $0.beganCall(at: began) }
        let outcome = await sink.write(slices)
        health.withLock { $0.endedCall() }
        metrics.writeSeconds.observe((time.now() - began).seconds)
        return outcome
    }

    func timed<Result>(_ call: () async throws(SinkFailure) -> Result) async throws(SinkFailure) -> Result {
        let began = time.now()
        health.withLock { $0.beganCall(at: began) }
        defer { health.withLock { $0.endedCall() } }
        return try await call()
    }

    func succeeded() {
        guard health.withLock({ $0.succeeded() }) else { return }
        logger.notice("The sink works again.")
    }

    func failed(_ failure: SinkFailure, while what: String, _ writer: inout LaneWriter) async {
        if failure.reopen { writer.needsOpen = true }
        await pause(after: failure, while: what)
    }

    func pause(after failure: SinkFailure, while what: String) async {
        let (at, now) = (Timestamp.now(), time.now())
        let attempt = health.withLock { $0.failed(failure, opening: what == "open", at: at, now: now) }
        metrics.failures.add()
        let pause = settings.retry.pause(attempt: attempt, after: failure, jitter: Double.random(in: 0...1))
        // The first of a row, then ever more rarely.
        if attempt & (attempt - 1) == 0 {
            logger.warning("Failed to \(what), attempt \(attempt), again in \(pause.inTenths) s: \(failure)")
        }
        // A source that was refused may go on now, as a failing sink's events are parked.
        settlement.roomMayBeThere()
        guard !abandoned else { return }
        await interrupt.wait(atMost: pause, by: time)
    }
}

extension Duration {
    /// Seconds with one digit behind the point, for people.
    var inTenths: String {
        let tenths = Int64((seconds * 10).rounded(.up))
        return "\(tenths / 10).\(tenths % 10)"
    }

    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
