import Collector
import CoreIngest
import LogicalDecoding
import Logging
import Sinks

/// Everything of one running instance, made of its configuration and not started yet.
final class Instance: Sendable {
    let configuration: Configuration
    let pipeline: Pipeline
    let metrics = MetricsRegistry()
    let sources: [PostgresSource]
    let schemas: SchemaWiring
    /// Nil when no HTTP input is enabled.
    let collector: Collector?
    /// Held for its lock, which says that this instance owns the folder.
    private let state: StateDirectory
    private let startedAt = Timestamp.now()

    init(_ configuration: Configuration, logger: Logger) throws(CommandFailure) {
        self.configuration = configuration
        do {
            state = try StateDirectory(path: configuration.app.stateDirectory, exclusive: true)
            let store = try StateStore(state)
            let renderer = EventRenderer(instance: Self.identity(configuration))
            // The source itself stores its position, with the rest of its checkpoint, before it tells the server.
            let acknowledged = try Self.acknowledged(configuration, store)
            var settings = PipelineSettings()
            settings.reporting = configuration.validation.reporting
            let spool = CollectorBox()
            pipeline = Pipeline(
                state: state, renderer: renderer, metrics: metrics, settings: settings, logger: logger,
                acknowledged: { acknowledged[$0] ?? spool.acknowledged($0) },
                persist: { try spool.persist($0, $1) })
            schemas = try SchemaWiring(configuration, state: state, store: store, logger: logger)
            // Opened before the sinks, whose parks ask how far it was acknowledged.
            collector = try CollectorFactory.collector(
                configuration, state: state, intake: pipeline, schemas: schemas.contracts, renderer: renderer,
                metrics: metrics, logger: logger)
            spool.set(collector)
            try TableOrigins.forget(inputsOtherThan: configuration.inputs.postgres.map(\.name), in: store)
            let factory = SinkFactory(renderer: renderer, metrics: metrics, state: store)
            for entry in configuration.sinks {
                try pipeline.add(sink: try factory.sink(entry), settings: SinkFactory.laneSettings(entry))
            }
            if let collector {
                pipeline.add(source: collector.source.settings.name, signals: collector.source, yields: true)
            }
            sources = try Self.sources(configuration, pipeline, store, schemas, logger)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .failed("\(error)")
        }
        registerMetrics()
    }

    private static func sources(
        _ configuration: Configuration, _ pipeline: Pipeline, _ store: StateStore, _ schemas: SchemaWiring,
        _ logger: Logger
    ) throws -> [PostgresSource] {
        try configuration.inputs.postgres.map { input in
            let source = try PostgresSource(
                settings: SourceFactory.settings(input, of: configuration), intake: pipeline,
                checkpoints: CheckpointStorage(store, input: input.name), streams: schemas.streams(of: input),
                announcer: schemas.announcer(of: input),
                revision: schemas.revision(of: input), log: logger)
            pipeline.add(source: input.name, signals: source)
            return source
        }
    }

    /// Up to where each input was acknowledged before this start. 0 where a snapshot was not finished: it begins anew.
    private static func acknowledged(
        _ configuration: Configuration, _ store: StateStore
    ) throws -> [SourceIdentity: UInt64] {
        var result: [SourceIdentity: UInt64] = [:]
        for input in configuration.inputs.postgres {
            guard let checkpoint = try CheckpointStorage(store, input: input.name).load() else { continue }
            let told = checkpoint.snapshot == .running ? 0 : checkpoint.confirmed.rawValue
            result[checkpoint.identity(of: input.name)] = told
            if let predecessor = checkpoint.predecessor(of: input.name) { result[predecessor.identity] = told }
        }
        return result
    }

    static func identity(_ configuration: Configuration) -> EventRenderer.Instance {
        EventRenderer.Instance(
            name: configuration.app.name, environment: configuration.app.environment, version: Version.current)
    }

    private func registerMetrics() {
        metrics.gauge("buz_build_info", "Always 1; the version is a label.", labels: ["version": Version.current]) { 1 }
        metrics.gauge("buz_resident_memory_bytes", "Memory that the process holds.") {
            Double(ProcessMemory.residentBytes())
        }
        let startedAt = startedAt
        metrics.gauge("buz_start_timestamp_seconds", "When the instance was started.") { Double(startedAt) / 1_000_000 }
        RegistryMetrics.register(in: metrics) { [contracts = schemas.contracts] in contracts.status }
        for (input, source) in zip(configuration.inputs.postgres, sources) {
            SourceMetrics.register(input.name, in: metrics) { source.status }
        }
    }

    var status: InstanceStatus {
        let pipeline = pipeline.status
        return InstanceStatus(
            name: configuration.app.name, environment: configuration.app.environment, startedAt: startedAt,
            takenAt: Timestamp.now(),
            sources: zip(configuration.inputs.postgres, sources).map { input, source in
                InstanceStatus.Source(
                    name: input.name, slot: input.slot, publication: input.publication, status: source.status)
            },
            collector: collector?.status, lanes: pipeline.lanes, publication: schemas.publisher?.status,
            acknowledgementError: pipeline.acknowledgementError
                ?? sources.lazy.compactMap(\.checkpointFailure).first,
            residentBytes: ProcessMemory.residentBytes(), registry: schemas.contracts.status,
            contractProblems: schemas.contractProblems)
    }
}
