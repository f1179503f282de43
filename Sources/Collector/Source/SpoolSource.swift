package import CoreIngest
package import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Hands what lies in the spool to the pipeline, in its order, from where it was acknowledged.
///
/// At least once: what was handed over and not settled comes again after a restart, with the same positions and ids.
package final class SpoolSource: SourceSignals, Sendable {
    package struct Settings: Sendable {
        package var name = "http"
        /// Bounds of one batch.
        package var batchEvents = 8192
        package var batchBytes = 128 << 10
        /// For how long a registry that does not answer is asked again, before the event goes on as `schema_unavailable`.
        package var schemaPatience: Duration = .seconds(10)
        package var deduplicationWindow: Duration = .zero
        package var deduplicationIDs = 1_000_000
        /// What reports on invalid events hold.
        package var reporting = SchemaReporting()

        package init() {}
    }

    package struct Status: Sendable {
        package var events: UInt64 = 0
        /// Left out, as an event with the same id came before.
        package var repetitions: UInt64 = 0
        /// The pipeline has no room at the moment.
        package var isPaused = false
        /// Why the spool cannot be read.
        package var failure: String?
    }

    private struct State {
        var isStopped = false
        var replayFrom: Bool = false
        var status = Status()
    }

    package let settings: Settings
    package let spool: Spool
    package let identity: SourceIdentity
    private let intake: any Intake
    private let schemas: SchemaCache
    private let logger: Logger
    private let state = Mutex(State())
    private let delivered: @Sendable (UInt64) -> Void
    /// Sent when there is something to do.
    private var wake: Signal { spool.written }

    /// `delivered`: told the offset up to which every required sink has the events, after that was made durable.
    package init(
        _ spool: Spool, settings: Settings, intake: any Intake, schemas: SchemaCache, logger: Logger,
        delivered: @escaping @Sendable (UInt64) -> Void
    ) {
        self.spool = spool
        self.settings = settings
        self.intake = intake
        self.schemas = schemas
        self.logger = logger
        self.delivered = delivered
        identity = SourceIdentity(name: settings.name, systemIdentifier: spool.history)
    }

    package var status: Status { state.withLock { $0.status } }

    /// Whether everything that was committed up to an offset was handed over.
    package func hasRead(to offset: UInt64) -> Bool { readTo.load(ordering: .acquiring) >= offset }
    private let readTo = Atomic<UInt64>(0)

    /// Reads until ``stop()``. Blocks: it runs on a thread of its own.
    package func run() async {
        var start = intake.begin(identity, continues: nil)
        var reader = SpoolReader(spool, at: spool.acknowledged)
        var assembler = EventAssembler(schemas, reporting: settings.reporting) { [self] attempts in askAgain(attempts) }
        var builder = EventBatchBuilder(capacity: settings.batchBytes + settings.batchBytes / 4)
        var generator = SystemRandomNumberGenerator()
        var window = DeduplicationWindow(
            DeduplicationWindow.Settings(
                window: Self.microseconds(settings.deduplicationWindow), mostIDs: settings.deduplicationIDs),
            seed: generator.next())
        while !isStopped {
            if state.withLock({ state in
                defer { state.replayFrom = false }
                return state.replayFrom
            }) {
                builder.removeAll()
                start = intake.begin(identity, continues: nil)
                reader.seek(to: spool.acknowledged)
            }
            let committed = spool.committed
            let end: UInt64?
            do throws(StateError) {
                end = try gather(&reader, &assembler, &window, from: start, into: &builder)
                state.withLock { $0.status.failure = nil }
            } catch {
                await failed(error)
                continue
            }
            guard let end else {
                readTo.store(max(committed, reader.offset), ordering: .releasing)
                await wake.wait()
                continue
            }
            await offer(&builder, end)
        }
    }

    /// Fills a batch. Answers the offset at its end; nil where nothing new is there.
    private func gather(
        _ reader: inout SpoolReader, _ assembler: inout EventAssembler, _ window: inout DeduplicationWindow,
        from start: Position, into builder: inout EventBatchBuilder
    ) throws(StateError) -> UInt64? {
        assembler.beginBatch()
        var end: UInt64?
        var events: UInt64 = 0
        var repetitions: UInt64 = 0
        let now = Timestamp.now()
        while builder.records.count < settings.batchEvents, builder.arena.count < settings.batchBytes {
            guard let frame = try reader.next(damage: { logger.error("\($0)") }) else { break }
            end = frame.end
            var position = Position(commit: frame.begin, ordinal: 0)
            var sequence = CollectedEventSequence(frame.events)
            while let event = sequence.next() {
                defer { position.ordinal += 1 }
                // Taken over before a restart.
                if position <= start { continue }
                if window.isRepetition(event.protocol, event[.deduplication], at: position, now: now) {
                    repetitions += 1
                    continue
                }
                assembler.append(event, at: position, judgedBy: frame.validators, to: &builder)
                events += 1
            }
            if sequence.isBroken {
                logger.error(
                    "A frame of the spool at \(frame.begin) holds bytes that are no event; they were passed over.")
            }
        }
        state.withLock { state in
            state.status.events += events
            state.status.repetitions += repetitions
        }
        return end
    }

    private func offer(_ builder: inout EventBatchBuilder, _ end: UInt64) async {
        while !isStopped {
            if intake.offer(&builder, from: identity, acknowledge: end) {
                state.withLock { $0.status.isPaused = false }
                readTo.store(end, ordering: .releasing)
                return
            }
            let isReplay = state.withLock { state in
                state.status.isPaused = true
                return state.replayFrom
            }
            if isReplay { return }
            await wake.wait()
        }
    }

    private func failed(_ error: StateError) async {
        let isNew = state.withLock { state in
            defer { state.status.failure = error.message }
            return state.status.failure != error.message
        }
        if isNew { logger.error("Collected events cannot be read, and wait on disk: \(error.message)") }
        try? await Task.sleep(for: .seconds(1))
    }

    /// Waits a little, on the source's own thread, and says whether the registry is to be asked again.
    private func askAgain(_ attempts: Int) -> Bool {
        let pause = Duration.milliseconds(250)
        if isStopped || pause * attempts >= settings.schemaPatience { return false }
        if attempts == 0 {
            logger.warning(
                "The registry does not answer for a schema; events wait in the spool for up to \(settings.schemaPatience)."
            )
        }
        usleep(250_000)
        return true
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Lets ``run()`` return. What was not handed over stays in the spool.
    package func stop() {
        state.withLock { $0.isStopped = true }
        wake.send()
    }

    // MARK: What the pipeline tells

    package func acknowledged(_ source: SourceIdentity, upTo position: UInt64) { delivered(position) }

    package func roomAvailable() { wake.send() }

    package func replayNeeded(_ source: SourceIdentity) {
        state.withLock { $0.replayFrom = true }
        wake.send()
    }

    static func microseconds(_ duration: Duration) -> Int64 {
        let parts = duration.components
        return parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    }
}
