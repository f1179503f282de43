import Collector
import CoreIngest
import Logging

/// Makes the collector of the configuration's sections.
enum CollectorFactory {
    /// What the collector is called among the sources.
    static let source = "http"

    /// Nil when no HTTP input is enabled.
    static func collector(
        _ configuration: Configuration, state: StateDirectory, intake: any Intake, schemas: SchemaCache,
        renderer: EventRenderer, metrics: MetricsRegistry, logger: Logger
    ) throws(StateError) -> Collector? {
        guard configuration.hasCollector else { return nil }
        var settings = configuration.http.settings
        settings.server.dryRunPath = configuration.inputs.http.dryRunPath
        settings.source.name = source
        settings.server.yieldsProcessor = !configuration.inputs.postgres.isEmpty
        settings.source.reporting = configuration.validation.reporting
        var logger = logger
        logger[metadataKey: "input"] = "\(source)"
        return try Collector(
            settings, directory: try state.directory("spool"), handlers: configuration.inputs.http.handlers,
            intake: intake, schemas: schemas, renderer: renderer, metrics: metrics, logger: logger)
    }

    /// Health, metrics and statistics beside the protocols, and schemas, whose registry may take long to answer.
    static func pages(_ pages: OperationsPages) -> [CollectorPage] {
        let respond: @Sendable (CollectorPage.Request) -> CollectedAnswer = { request in
            guard
                let asked = OperationsRequest(
                    method: method(request.method), target: request.target, authorization: request.authorization)
            else { return .refusal(400, "malformed request target") }
            return answer(pages.respond(to: asked))
        }
        let quick = [Route.Pattern.exact("/"), .prefix("/health"), .exact("/metrics"), .exact("/stats")]
        let slow = [Route.Pattern.prefix("/s")] + (pages.schemas?.purgePath.map { [.exact($0)] } ?? [])
        return [
            CollectorPage(routes: quick.map { Route([.get, .head], $0) }, respond: respond),
            CollectorPage(routes: slow.map { Route([.get, .head, .post], $0) }, mayBlock: true, respond: respond),
        ]
    }

    private static func method(_ method: RequestMethod) -> OperationsRequest.Method {
        switch method {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put, .delete, .options, .patch, .other: .other
        }
    }

    private static func answer(_ response: OperationsResponse) -> CollectedAnswer {
        var headers = OperationsResponse.safetyHeaders.map { CollectedAnswer.Header($0.name, $0.value) }
        if response.status == 401 { headers.append(.init("WWW-Authenticate", "Bearer")) }
        return CollectedAnswer(
            status: response.status, contentType: response.contentType, body: response.body, headers: headers)
    }
}
