import CoreIngest

/// Schemas over HTTP: `/s/NAME` serves one, and a page purges the cache. Knows nothing of connections, so that any server may have
/// these pages.
struct SchemaPages: Sendable {
    /// The text of a schema. May block.
    var text: @Sendable (SchemaName) throws(SchemaError) -> [UInt8]?
    /// Forgets one schema, or all.
    var purge: @Sendable (SchemaName?) -> Void
    /// Nil: schemas are not purged here.
    var purgePath: String?
    var servesSchemas: Bool

    static let prefix = "/s/"

    /// Whether a path is one of these pages; the answer may then take as long as the registry does.
    func has(_ path: String) -> Bool { path == purgePath || (servesSchemas && path.hasPrefix(Self.prefix)) }

    /// The answer for a path of these pages.
    func respond(to request: OperationsRequest) -> OperationsResponse {
        request.path == purgePath ? purged(request) : schema(request)
    }

    private func purged(_ request: OperationsRequest) -> OperationsResponse {
        guard request.method == .get || request.method == .post else {
            return .refusal(405, "GET or POST purges the schema cache")
        }
        guard let text = request["schema"] else {
            purge(nil)
            return .json(JSONText.object { $0.member("message", "cache purged") })
        }
        guard let name = SchemaName(text) else { return .refusal(400, Self.grammar) }
        purge(name)
        return .json(JSONText.object { $0.member("message", "cache purged") })
    }

    private func schema(_ request: OperationsRequest) -> OperationsResponse {
        guard request.method == .get || request.method == .head else {
            return .refusal(405, "schemas are read with GET")
        }
        guard let name = SchemaName(request.path.dropFirst(Self.prefix.count)) else {
            return .refusal(404, Self.grammar)
        }
        do throws(SchemaError) {
            guard let text = try text(name) else { return .refusal(404, "there is no schema \(name)") }
            return OperationsResponse(status: 200, contentType: "application/schema+json", body: text)
        } catch {
            return .refusal(error.code == .unavailable ? 503 : 502, "the schema \(name) cannot be had: \(error)")
        }
    }

    private static let grammar =
        "that is no name of a schema: write vendor/name/jsonschema/1-0-0 or vendor/a/b/v1.0.json"
}
