/// What the operations server answers to which path.
struct OperationsPages: Sendable {
    /// Nil: no token is asked for.
    var token: BearerToken?
    /// Called for each page; must not block.
    var status: @Sendable () -> InstanceStatus
    /// All metrics in Prometheus's text format.
    var metrics: @Sendable () -> String
    /// Nil: no schemas are served or purged here.
    var schemas: SchemaPages?

    /// Whether the answer may take long, and must not be made on a thread that others wait for.
    func mayBlock(_ request: OperationsRequest) -> Bool { schemas?.has(request.path) ?? false }

    func respond(to request: OperationsRequest) -> OperationsResponse {
        if let schemas, schemas.has(request.path) {
            if let token, !token.accepts(request.authorization) { return Self.tokenIsMissing }
            return schemas.respond(to: request)
        }
        guard request.method == .get || request.method == .head else {
            return .refusal(405, "only GET and HEAD are answered here")
        }
        switch request.path {
        // Probes have no token, and the console page holds no data.
        case "/health/live": return .text("ok")
        case "/health/ready": return ready()
        case "/": return .html(ConsolePage.html)
        case "/metrics", "/stats":
            if let token, !token.accepts(request.authorization) {
                return Self.tokenIsMissing
            }
            return request.path == "/metrics" ? metricsPage() : statistics(request)
        default:
            return .refusal(404, "there are /, /health/live, /health/ready, /metrics, /stats and /s/SCHEMA")
        }
    }

    private static let tokenIsMissing = OperationsResponse.refusal(
        401, "send the token of operations.token as 'Authorization: Bearer …'")

    private func ready() -> OperationsResponse {
        let reasons = status().unreadiness
        let body = JSONText.object { out in
            out.member("ready", reasons.isEmpty)
            out.array("reasons") { list in for reason in reasons { list.element(reason) } }
        }
        return .json(body, status: reasons.isEmpty ? 200 : 503)
    }

    private func metricsPage() -> OperationsResponse {
        OperationsResponse(
            status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics().utf8))
    }

    private func statistics(_ request: OperationsRequest) -> OperationsResponse {
        switch request["format"] {
        case nil, "json": return .json(status().json)
        case "text": return .text(status().text)
        default: return .refusal(400, "format is json or text")
        }
    }
}
