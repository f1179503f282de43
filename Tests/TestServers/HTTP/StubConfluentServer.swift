/// What a Confluent schema registry answers for JSON subjects, in memory, for ``StubHTTPServer``: written after its documented REST
/// API, as no real one can be installed here.
package final class StubConfluentServer: @unchecked Sendable {
    // Safe to share: the subjects are only touched under `lock`.
    private let lock = Lock()
    /// The escaped texts of schemas, as they stand in requests.
    private var subjects: [String: [String]] = [:]

    package init() {}

    package func answer(_ request: StubHTTPRequest) -> StubHTTPReply {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.first == "subjects" else { return Self.error(404, 404, "HTTP 404 Not Found") }
        return lock.withLock {
            switch (request.method, parts.count) {
            case ("GET", 1): return .json(200, "[\(subjects.keys.sorted().map { "\"\($0)\"" }.joined(separator: ","))]")
            case ("GET", 3):
                guard let known = subjects[parts[1]] else {
                    return Self.error(404, 40401, "Subject '\(parts[1])' not found.")
                }
                return .json(200, "[\(known.indices.map { "\($0 + 1)" }.joined(separator: ","))]")
            case ("GET", 4):
                guard let known = subjects[parts[1]] else {
                    return Self.error(404, 40401, "Subject '\(parts[1])' not found.")
                }
                guard let number = Int(parts[3]), known.indices.contains(number - 1) else {
                    return Self.error(404, 40402, "Version \(parts[3]) not found.")
                }
                return .json(
                    200,
                    #"{"subject":"\#(parts[1])","version":\#(number),"id":\#(number),"schemaType":"JSON","schema":\#(known[number - 1])}"#
                )
            case ("POST", 3): return post(parts[1], request)
            default: return Self.error(405, 405, "HTTP 405 Method Not Allowed")
            }
        }
    }

    private func post(_ subject: String, _ request: StubHTTPRequest) -> StubHTTPReply {
        let start = #"{"schemaType":"JSON","schema":"#
        guard request.headers["content-type"] == "application/vnd.schemaregistry.v1+json",
            request.text.hasPrefix(start),
            request.text.hasSuffix("}")
        else { return Self.error(422, 42201, "Invalid schema") }
        let schema = String(request.text.dropFirst(start.count).dropLast())
        // The same schema again has the version that it has.
        if subjects[subject]?.contains(schema) != true { subjects[subject, default: []].append(schema) }
        return .json(200, #"{"id":\#((subjects[subject]?.firstIndex(of: schema) ?? 0) + 1)}"#)
    }

    private static func error(_ status: Int, _ code: Int, _ message: String) -> StubHTTPReply {
        .json(status, #"{"error_code":\#(code),"message":"\#(message)"}"#)
    }
}
