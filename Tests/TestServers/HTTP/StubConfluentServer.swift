/// What a Confluent schema registry answers for JSON subjects, in memory, for ``StubHTTPServer``: written after its documented REST
/// API, as no real one can be installed here, and driven by Confluent's own client too.
package final class StubConfluentServer: @unchecked Sendable {
    // Safe to share: everything is only touched under `lock`.
    private let lock = Lock()
    /// The escaped texts of schemas, as they stand in requests; the number of one in the registry is its place here, from 1.
    private var schemas: [String] = []
    /// The numbers of each subject's versions.
    private var subjects: [String: [Int]] = [:]

    package init() {}

    package func answer(_ request: StubHTTPRequest) -> StubHTTPReply {
        let parts = request.path.split(separator: "/").map(String.init)
        return lock.withLock {
            switch (request.method, parts.first, parts.count) {
            case ("GET", "schemas", 3): schema(parts[2])
            case ("GET", "subjects", 1):
                .json(200, "[\(subjects.keys.sorted().map { "\"\($0)\"" }.joined(separator: ","))]")
            case ("GET", "subjects", 3): versions(parts[1])
            case ("GET", "subjects", 4): version(parts[1], parts[3])
            case ("POST", "subjects", 2): lookUp(parts[1], request)
            case ("POST", "subjects", 3): register(parts[1], request)
            default: Self.error(404, 404, "HTTP 404 Not Found")
            }
        }
    }

    private func schema(_ number: String) -> StubHTTPReply {
        guard let number = Int(number), schemas.indices.contains(number - 1) else {
            return Self.error(404, 40403, "Schema \(number) not found")
        }
        return .json(200, #"{"schemaType":"JSON","schema":\#(schemas[number - 1])}"#)
    }

    private func versions(_ subject: String) -> StubHTTPReply {
        guard let known = subjects[subject] else { return Self.error(404, 40401, "Subject '\(subject)' not found.") }
        return .json(200, "[\(known.indices.map { "\($0 + 1)" }.joined(separator: ","))]")
    }

    private func version(_ subject: String, _ text: String) -> StubHTTPReply {
        guard let known = subjects[subject] else { return Self.error(404, 40401, "Subject '\(subject)' not found.") }
        guard let number = text == "latest" ? known.count : Int(text), known.indices.contains(number - 1) else {
            return Self.error(404, 40402, "Version \(text) not found.")
        }
        return .json(200, Self.entry(subject, version: number, number: known[number - 1], schemas))
    }

    private func lookUp(_ subject: String, _ request: StubHTTPRequest) -> StubHTTPReply {
        guard let text = Self.schemaText(request) else { return Self.error(422, 42201, "Invalid schema") }
        guard let known = subjects[subject] else { return Self.error(404, 40401, "Subject '\(subject)' not found.") }
        guard let version = known.firstIndex(where: { schemas[$0 - 1] == text }) else {
            return Self.error(404, 40403, "Schema not found")
        }
        return .json(200, Self.entry(subject, version: version + 1, number: known[version], schemas))
    }

    private func register(_ subject: String, _ request: StubHTTPRequest) -> StubHTTPReply {
        guard let text = Self.schemaText(request) else { return Self.error(422, 42201, "Invalid schema") }
        if !schemas.contains(text) { schemas.append(text) }
        let number = (schemas.firstIndex(of: text) ?? 0) + 1
        // The same schema again has the version that it has.
        if subjects[subject]?.contains(number) != true { subjects[subject, default: []].append(number) }
        return .json(200, #"{"id":\#(number)}"#)
    }

    private static func entry(_ subject: String, version: Int, number: Int, _ schemas: [String]) -> String {
        #"{"subject":"\#(subject)","version":\#(version),"id":\#(number),"schemaType":"JSON","schema":\#(schemas[number - 1])}"#
    }

    /// The member `schema` of a JSON schema's request: a string in quotes, escaped as it came.
    private static func schemaText(_ request: StubHTTPRequest) -> String? {
        let text = request.text
        guard request.headers["content-type"] == "application/vnd.schemaregistry.v1+json",
            text.contains(#""schemaType":"JSON""#) || text.contains(#""schemaType": "JSON""#),
            let name = text.firstRange(of: #""schema":"#)
        else { return nil }
        let value = text[name.upperBound...].drop { $0 == " " }
        guard value.first == "\"" else { return nil }
        var end = value.index(after: value.startIndex)
        while end < value.endIndex, value[end] != "\"" {
            end = value.index(end, offsetBy: value[end] == "\\" ? 2 : 1, limitedBy: value.endIndex) ?? value.endIndex
        }
        return end < value.endIndex ? String(value[...end]) : nil
    }

    private static func error(_ status: Int, _ code: Int, _ message: String) -> StubHTTPReply {
        .json(status, #"{"error_code":\#(code),"message":"\#(message)"}"#)
    }
}
