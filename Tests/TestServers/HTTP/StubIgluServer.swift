/// What an Iglu server answers, in memory, for ``StubHTTPServer``: written after its public documentation, as no real one can be
/// installed here. Keys, the order of versions, and the agreement of address and self-description are checked as there.
package final class StubIgluServer: @unchecked Sendable {
    // Safe to share: the schemas are only touched under `lock`.
    private let lock = Lock()
    private var schemas: [String: [UInt8]] = [:]
    private let writeKey: String
    private let readKey: String

    package init(readKey: String, writeKey: String) {
        self.readKey = readKey
        self.writeKey = writeKey
    }

    package func answer(_ request: StubHTTPRequest) -> StubHTTPReply {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts[0] == "api", parts[1] == "schemas" else { return Self.message(404, "not found") }
        let key = request.headers["apikey"]
        let mayRead = key == readKey || key == writeKey
        return lock.withLock {
            switch (request.method, parts.count) {
            case ("GET", 6):
                guard mayRead, let text = schemas[parts[2...].joined(separator: "/")] else {
                    return Self.message(404, "The schema is not found")
                }
                return .answer(200, headers: ["Content-Type": "application/json"], body: text)
            case ("GET", 2...5):
                let prefix = parts[2...].map { $0 + "/" }.joined()
                let found = mayRead ? schemas.keys.filter { $0.hasPrefix(prefix) }.sorted() : []
                return .json(200, "[\(found.map { "\"iglu:\($0)\"" }.joined(separator: ","))]")
            case ("PUT", 6): return put(parts, request, key)
            default: return Self.message(405, "HTTP method not allowed")
            }
        }
    }

    private func put(_ parts: [String], _ request: StubHTTPRequest, _ key: String?) -> StubHTTPReply {
        guard key == writeKey else { return Self.message(403, "Authentication error: not enough permissions") }
        let name = parts[2...].joined(separator: "/")
        guard request.text.contains("\"\(parts[2])\""), request.text.contains("\"\(parts[5])\"") else {
            return Self.message(400, "The schema's self-description does not match the address")
        }
        if schemas[name] != nil { return Self.message(409, "Schema already exists") }
        let folder = parts[2...4].joined(separator: "/")
        let known = schemas.keys.filter { $0.hasPrefix(folder + "/") }.map {
            Self.numbers(String($0.dropFirst(folder.count + 1)))
        }
        guard Self.isNext(Self.numbers(parts[5]), after: known) else {
            return Self.message(409, "Preceding SchemaVer in the group is missing")
        }
        schemas[name] = request.body
        return .json(201, #"{"message":"Schema created","updated":false,"location":"iglu:\#(name)","status":201}"#)
    }

    /// The version before must be there: 1-0-1 for 1-0-2, some 1-0-x for 1-1-0, some 1-x-x for 2-0-0.
    private static func isNext(_ version: [Int], after known: [[Int]]) -> Bool {
        guard version.count == 3 else { return false }
        if version[2] > 0 { return known.contains([version[0], version[1], version[2] - 1]) }
        if version[1] > 0 { return known.contains { $0[0] == version[0] && $0[1] == version[1] - 1 } }
        return version[0] == 1 || known.contains { $0[0] == version[0] - 1 }
    }

    private static func numbers(_ version: String) -> [Int] { version.split(separator: "-").compactMap { Int($0) } }

    private static func message(_ status: Int, _ text: String) -> StubHTTPReply {
        .json(status, #"{"message":"\#(text)"}"#)
    }
}
