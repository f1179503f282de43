package import CoreIngest
package import Logging
import Synchronization

/// Reads the changes of one Postgres database and hands them to the pipeline: snapshot first, then the stream.
///
/// Runs on threads of its own. At least once: after a failure, changes that were handed over and not settled come again with
/// the same positions, except those that ``Intake/begin(_:)`` says are taken over.
package final class PostgresSource: SourceSignals, Sendable {
    package let settings: PostgresSourceSettings
    private let intake: any Intake
    private let checkpoints: any CheckpointStore
    private let streams: StreamCache
    private let log: Logger
    private let control: SourceControl
    private let keeper: CheckpointKeeper
    private let identity = IdentityBox()

    /// `streams` makes the descriptor, with schema and validator, of each table that is met; `announcer` says when its schema is
    /// another, and `revision` rises when `streams` is to be asked again.
    package init(
        settings: PostgresSourceSettings, intake: any Intake, checkpoints: any CheckpointStore,
        streams: @escaping StreamFactory, announcer: SchemaAnnouncer? = nil,
        revision: @escaping @Sendable () -> UInt64 = { 0 }, log: Logger
    ) throws(SourceError) {
        self.settings = settings
        self.intake = intake
        self.checkpoints = checkpoints
        self.streams = StreamCache(streams, announcer: announcer, revision: revision)
        var log = log
        log[metadataKey: "input"] = "\(settings.name)"
        self.log = log
        control = try SourceControl()
        keeper = try CheckpointKeeper(store: checkpoints, reader: control.signal, log: log)
    }

    /// Runs until ``stop()`` is called or the task is cancelled, and then returns after a graceful stop; throws
    /// ``SourceError`` when only a person can mend what is wrong. Call it once.
    package func run() async throws {
        let result: Result<Void, SourceError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in start { continuation.resume(returning: $0) } }
        } onCancel: {
            stop()
        }
        try result.get()
    }

    /// As ``run()``, without waiting: `ended` is called once, on the source's thread.
    func start(_ ended: @escaping @Sendable (Result<Void, SourceError>) -> Void) {
        do throws(SourceError) {
            try OwnThread.start(name: "pg-\(settings.name)") { [self] in ended(work()) }
        } catch {
            ended(.failure(error))
        }
    }

    /// Asks for a graceful stop: what is complete is handed over, reported when settled, and the slot is freed.
    package func stop() { control.stop() }

    /// How it is doing, at this moment.
    package var status: SourceStatus { control.status }

    /// Why the checkpoint cannot be written, so that nothing is acknowledged; nil when it can.
    package var checkpointFailure: String? { keeper.failure }

    /// Which history is read; nil before the first connection.
    package var source: SourceIdentity? { identity.get() }

    /// How far the server's log reaches now, asked on a connection of its own: for ``isCaughtUp(to:)``. Blocks, at most for the
    /// time limits of connecting and asking.
    package func currentLogEnd() throws(SourceError) -> LogSequenceNumber {
        let connection = try PostgresConnection(settings.connection(.side))
        return try SlotMonitor.logEnd(connection)
    }

    /// Whether everything that the server's log held up to `position` has been handed over; not yet that it is settled.
    package func isCaughtUp(to position: LogSequenceNumber) -> Bool {
        let status = control.status
        return status.state == .streaming && status.received >= position
    }

    private func work() -> Result<Void, SourceError> {
        do throws(SourceError) {
            var runner = SourceRunner(
                settings: settings, connections: try SourceRunner.Connections(settings), intake: intake,
                control: control, keeper: keeper, streams: streams,
                identity: identity, log: log)
            try runner.run()
            control.update { $0.state = .stopped }
            return .success(())
        } catch {
            log.error("\(error.message)", metadata: ["code": "\(error.code.rawValue)"])
            control.update { status in
                status.state = .failed
                status.lastError = error
            }
            return .failure(error)
        }
    }

    // MARK: What the pipeline tells

    package func acknowledged(_ source: SourceIdentity, upTo position: UInt64) {
        guard source == identity.get() else { return }
        keeper.confirm(LogSequenceNumber(position))
    }

    package func roomAvailable() { control.roomAvailable() }

    package func replayNeeded(_ source: SourceIdentity) {
        guard source == identity.get() else { return }
        control.replayNeeded()
    }
}

/// Which history is read, shared between the reader and those who ask.
final class IdentityBox: Sendable {
    private let value = Mutex<SourceIdentity?>(nil)
    func get() -> SourceIdentity? { value.withLock { $0 } }
    func set(_ identity: SourceIdentity) { value.withLock { $0 = identity } }
}
