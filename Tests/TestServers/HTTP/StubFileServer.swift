/// A web server of files in memory for ``StubHTTPServer``: GET with ETag and If-None-Match, PUT with If-None-Match: *, folders as JSON.
package final class StubFileServer: @unchecked Sendable {
    // Safe to share: the files are only touched under `lock`.
    private let lock = Lock()
    private var files: [String: [UInt8]] = [:]

    package init() {}

    package func set(_ path: String, _ text: String?) { lock.withLock { files[path] = text.map { Array($0.utf8) } } }

    package func answer(_ request: StubHTTPRequest) -> StubHTTPReply {
        lock.withLock {
            switch request.method {
            case "GET":
                if request.path.hasSuffix("/") { return folder(request.path) }
                guard let body = files[request.path] else { return .text(404, "<h1>404</h1>") }
                let tag = "\"\(body.reduce(into: 5381) { $0 = $0 &* 33 &+ Int($1) })\""
                if request.headers["if-none-match"] == tag { return .answer(304, headers: ["ETag": tag]) }
                return .answer(200, headers: ["ETag": tag], body: body)
            case "PUT":
                if request.headers["if-none-match"] == "*", files[request.path] != nil { return .text(412, "exists") }
                files[request.path] = request.body
                return .text(201, "")
            default: return .text(405, "")
            }
        }
    }

    private func folder(_ path: String) -> StubHTTPReply {
        let names = files.keys.filter { $0.hasPrefix(path) && !$0.dropFirst(path.count).contains("/") }
        if names.isEmpty { return .text(404, "") }
        let list = names.map { #"{"name":"\#($0.dropFirst(path.count))","type":"file"}"# }
        return .json(200, "[\(list.joined(separator: ","))]")
    }
}
