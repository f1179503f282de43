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
        settings.source.reporting = configuration.validation.reporting
        var logger = logger
        logger[metadataKey: "input"] = "\(source)"
        return try Collector(
            settings, directory: try state.directory("spool"), handlers: configuration.inputs.http.handlers,
            intake: intake, schemas: schemas, renderer: renderer, metrics: metrics, logger: logger)
    }

    /// Health, metrics and statistics beside the protocols.
    static func pages(_ pages: OperationsPages) -> [CollectorPage] {
        let paths = ["/", "/health", "/metrics", "/stats"]
        let routes = paths.map { path in
            Route([.get, .head], path == "/health" ? .prefix(path) : .exact(path))
        }
        return [
            CollectorPage(routes: routes) { request in
                let method: OperationsRequest.Method =
                    switch request.method {
                    case .get: .get
                    case .head: .head
                    case .post: .post
                    case .put, .delete, .options, .patch, .other: .other
                    }
                guard
                    let asked = OperationsRequest(
                        method: method, target: request.target, authorization: request.authorization)
                else { return .refusal(400, "malformed request target") }
                return answer(pages.respond(to: asked))
            }
        ]
    }

    private static func answer(_ response: OperationsResponse) -> CollectedAnswer {
        var headers = OperationsResponse.safetyHeaders.map { CollectedAnswer.Header($0.name, $0.value) }
        if response.status == 401 { headers.append(.init("WWW-Authenticate", "Bearer")) }
        return CollectedAnswer(
            status: response.status, contentType: response.contentType, body: response.body, headers: headers)
    }
}
