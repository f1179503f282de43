package import CoreIngest
package import Logging
import Synchronization

/// The whole of the HTTP input: the server, the spool behind it, and the source that hands the spool to the pipeline.
///
/// Made, then ``bind(pages:)``, then ``run()`` until ``stop(within:)``.
package final class Collector: Sendable {
    package struct Settings: Sendable {
        package var server = CollectorSettings()
        package var spool = SpoolSettings()
        package var source = SpoolSource.Settings()

        package init() {}
    }

    package struct Status: Sendable {
        package var address: String
        package var spool: Spool.Status
        package var source: SpoolSource.Status
        package var connections: Int
    }

    package let settings: Settings
    package let source: SpoolSource
    private let spool: Spool
    private let handlers: [any ProtocolHandler]
    private let schemas: SchemaCache
    private let dryRun: DryRun
    private let metrics: MetricsRegistry
    private let logger: Logger
    private let server: ServerBox
    private let stopping = Mutex<Duration?>(nil)
    private let stopSignal = Signal()

    /// Shared with the source, which is made first.
    private final class ServerBox: Sendable {
        let server = Mutex<CollectorServer?>(nil)
    }

    /// Opens the spool in `directory`. Throws when it cannot be used.
    package init(
        _ settings: Settings, directory: String, handlers: [any ProtocolHandler], intake: any Intake,
        schemas: SchemaCache, renderer: EventRenderer, metrics: MetricsRegistry, logger: Logger
    ) throws(StateError) {
        var settings = settings
        settings.spool.syncsEachGroup = settings.server.acknowledge != .received
        self.settings = settings
        self.handlers = handlers
        self.schemas = schemas
        self.metrics = metrics
        self.logger = logger
        spool = try Spool(directory: directory, settings: settings.spool, logger: logger)
        dryRun = DryRun(schemas: schemas, renderer: renderer, reporting: settings.source.reporting)
        let box = ServerBox()
        server = box
        source = SpoolSource(spool, settings: settings.source, intake: intake, schemas: schemas, logger: logger) {
            offset in
            box.server.withLock { $0 }?.delivered(upTo: offset)
        }
        registerMetrics()
    }

    /// Up to where the spool was acknowledged, and for which history: what the pipeline asks at its start.
    package var acknowledged: (SourceIdentity, UInt64) { (source.identity, spool.acknowledged) }

    /// Makes an acknowledgement durable: the pipeline calls it before it tells the source.
    package func persist(acknowledged offset: UInt64) throws(StateError) { try spool.persist(acknowledged: offset) }

    /// Listens. `pages` are answered beside the protocols. Returns the address.
    package func bind(pages: [CollectorPage]) async throws(CollectorError) -> String {
        let dryRun = dryRun
        let bound = try await CollectorServer.bind(
            settings.server, handlers: handlers, pages: pages, spool: spool, schemas: schemas, metrics: metrics,
            logger: logger,
            dryRun: { dryRun.answer($0) })
        server.server.withLock { $0 = bound }
        return bound.address
    }

    /// Reads certificate and key again, where the port speaks TLS.
    package func readCertificates() { server.server.withLock { $0 }?.readCertificates() }

    /// Runs until ``stop(within:)``; then the requests that came are answered, and what the spool holds stays there.
    package func run() async {
        let writer = ThreadExecutor(name: "spool")
        let reader = ThreadExecutor(name: "collect", yields: settings.server.yieldsProcessor)
        writer.start()
        reader.start()
        let writing = Task(executorPreference: writer) { [spool] in await spool.run() }
        let reading = Task(executorPreference: reader) { [source] in await source.run() }
        await withTaskCancellationHandler {
            await stopSignal.wait()
        } onCancel: {
            stop(within: .zero)
        }
        let server = server.server.withLock { $0 }
        await server?.drain(within: stopping.withLock { $0 } ?? .zero)
        spool.stop()
        await writing.value
        source.stop()
        await reading.value
        await server?.close()
        writer.stop()
        reader.stop()
    }

    /// Lets ``run()`` return; requests that came have so long to be answered.
    package func stop(within limit: Duration) {
        stopping.withLock { $0 = limit }
        stopSignal.send()
    }

    /// Whether everything that was taken was handed to the pipeline.
    package var isCaughtUp: Bool { source.hasRead(to: spool.committed) && spool.status.pendingBytes == 0 }

    package var status: Status {
        let server = server.server.withLock { $0 }
        return Status(
            address: server?.address ?? "", spool: spool.status, source: source.status,
            connections: server?.openConnections ?? 0)
    }

    private func registerMetrics() {
        let (spool, source) = (spool, source)
        metrics.gauge("buz_spool_bytes", "Bytes of the spool on disk, in whole files.") {
            Double(spool.status.bytes)
        }
        metrics.gauge("buz_spool_limit_bytes", "Bytes that the spool may have.") { Double(spool.status.limitBytes) }
        metrics.gauge("buz_spool_pending_bytes", "Bytes of events on their way to the disk.") {
            Double(spool.status.pendingBytes)
        }
        metrics.gauge("buz_spool_unacknowledged_bytes", "Bytes of the spool that some required sink does not have.") {
            Double(spool.status.unacknowledgedBytes)
        }
        metrics.gauge("buz_spool_oldest_age_seconds", "Age of the oldest event that some required sink does not have.")
        {
            spool.status.oldest.map { max(0, Double(Timestamp.now() - $0) / 1_000_000) } ?? 0
        }
        metrics.gauge("buz_spool_failing", "1 while events cannot be kept, else 0.") {
            spool.status.failure == nil ? 0 : 1
        }
        metrics.counter("buz_collector_events_total", "Collected events that were handed to the pipeline.") {
            source.status.events
        }
        metrics.counter(
            "buz_collector_repetitions_total",
            "Collected events that were left out, as one with the same id came before."
        ) { source.status.repetitions }
        metrics.gauge("buz_collector_paused", "1 while the pipeline has no room for collected events, else 0.") {
            source.status.isPaused ? 1 : 0
        }
    }
}
