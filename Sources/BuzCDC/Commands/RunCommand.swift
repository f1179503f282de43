import Collector
import ArgumentParser
import CoreIngest
import Logging
import ServiceLifecycle
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Stream the configured inputs to the configured sinks.",
        discussion: """
            Runs until SIGTERM or SIGINT; then stops reading, writes what was read, reports the last position and releases \
            the slot, within app.shutdownTimeout. A second signal ends it at once. Nothing is lost either way.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(
        help: ArgumentHelp(
            "Exit with 0 once all inputs are caught up with what was there at the start, and every lane has been empty for "
                + "so long.", valueName: "seconds"))
    var untilIdle: Double?

    func validate() throws {
        if let untilIdle, !(0...86_400).contains(untilIdle) {
            throw ValidationError("'--until-idle' must be between 0 and 86400 seconds")
        }
    }

    func run() async throws {
        let configuration = try file.load().configuration
        let logger = LogSetup.start(configuration.app)
        let instance = try Instance(configuration, logger: logger)
        let pages = Self.pages(instance)
        let server = try await Self.operationsServer(instance, pages, logger)
        let address = try await Self.listen(instance, pages)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        // In the order of the start; the shutdown goes the other way: first the sources, then the lanes, then the pages.
        services.append(.init(service: SecondSignal(logger: logger)))
        if let server { services.append(.init(service: server)) }
        let limit = configuration.app.shutdownTimeout
        services.append(.init(service: PipelineService(pipeline: instance.pipeline, limit: limit)))
        services.append(.init(service: SchemaService(upkeep: instance.schemas.upkeep)))
        if let collector = instance.collector {
            services.append(.init(service: CollectorService(collector: collector, limit: limit)))
            if collector.settings.server.tls != nil {
                services.append(.init(service: CertificateSignal(collector: collector)))
            }
        }
        for source in instance.sources {
            services.append(
                .init(
                    service: SourceService(source: source),
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup))
        }
        if let untilIdle {
            services.append(
                .init(
                    service: IdleService(instance: instance, seconds: untilIdle, logger: logger),
                    successTerminationBehavior: .gracefullyShutdownGroup))
        }
        let scheme = configuration.http.settings.server.tls == nil ? "http" : "https"
        logger.notice(
            "started",
            metadata: [
                "version": "\(Version.current)", "name": "\(configuration.app.name)",
                "inputs": "\(configuration.inputs.postgres.map(\.name).joined(separator: ","))",
                "sinks": "\(configuration.sinks.map(\.name).joined(separator: ","))",
                "collector": "\(address.map { "\(scheme)://\($0)/" } ?? "off")",
                "operations":
                    "\((server?.address ?? (configuration.sharesPort ? address : nil)).map { "http://\($0)/" } ?? "off")",
            ])
        try await Self.run(services, limit: limit, logger)
    }

    private static func pages(_ instance: Instance) -> OperationsPages {
        let registry = instance.configuration.registry
        let schemas = instance.schemas
        return OperationsPages(
            token: instance.configuration.operations.token.map { BearerToken($0) }, status: { instance.status },
            metrics: { instance.metrics.exposition() },
            schemas: SchemaPages(
                text: { name throws(SchemaError) in try schemas.text(of: name) }, purge: { schemas.purge($0) },
                purgePath: registry.purgePath, servesSchemas: registry.servesSchemas))
    }

    /// Binds the collector, where there is one; answers its address.
    private static func listen(_ instance: Instance, _ pages: OperationsPages) async throws(CommandFailure) -> String? {
        guard let collector = instance.collector else { return nil }
        do throws(CollectorError) {
            return try await collector.bind(
                pages: instance.configuration.sharesPort ? CollectorFactory.pages(pages) : [])
        } catch {
            throw .failed(error.description)
        }
    }

    /// Nil where the pages are off, or on the collector's port.
    private static func operationsServer(
        _ instance: Instance, _ pages: OperationsPages, _ logger: Logger
    ) async throws(CommandFailure) -> OperationsServer? {
        let operations = instance.configuration.operations
        guard operations.enabled, !instance.configuration.sharesPort else { return nil }
        return try await OperationsServer.bind(
            host: operations.host, port: operations.port, logger: logger, mayBlock: { pages.mayBlock($0) },
            respond: { pages.respond(to: $0) })
    }

    private static func run(
        _ services: [ServiceGroupConfiguration.ServiceConfiguration], limit: Duration, _ logger: Logger
    ) async throws(CommandFailure) {
        var quiet = logger
        // The group tells of its inner workings at lower levels; what matters here is logged by the parts themselves.
        quiet.logLevel = max(logger.logLevel, .critical)
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        // Sources and lanes keep their own limits; this one is for what ignores them.
        configuration.maximumGracefulShutdownDuration = limit * 2 + .seconds(5)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .failed("\(error)")
        }
        logger.notice("stopped")
    }
}
