import CoreIngest

/// A request made of values, to call handlers without a network: for tests and fuzzing.
package struct SampleRequest: Sendable {
    package var method: RequestMethod
    /// Percent-decoded.
    package var path: String
    package var query: String
    package var headers: [(name: String, value: [UInt8])]
    package var body: [UInt8]
    package var client = "192.0.2.1"
    package var identity: String?
    package var receivedAt: Int64 = 1_795_216_741_217_000

    package init(
        _ method: RequestMethod, _ path: String, query: String = "", headers: KeyValuePairs<String, String> = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers.map { ($0.key, Array($0.value.utf8)) }
        self.body = body
    }

    package init(
        _ method: RequestMethod, _ path: String, query: String = "", headers: KeyValuePairs<String, String> = [:],
        body: String
    ) {
        self.init(method, path, query: query, headers: headers, body: Array(body.utf8))
    }

    /// Calls `work` with the request.
    package func use<Result>(_ work: (borrowing CollectedRequest) throws -> Result) rethrows -> Result {
        var arena = ByteArena(capacity: body.count + 4096)
        let path = arena.copy(Array(self.path.utf8))
        let query = arena.copy(Array(self.query.utf8))
        let body = arena.copy(self.body)
        let client = arena.copy(Array(self.client.utf8))
        let identity = self.identity.map { arena.copy(Array($0.utf8)) }
        let fields = headers.map {
            HeaderFields.Field(name: arena.copy(Array($0.name.utf8)), value: arena.copy($0.value))
        }
        let receivedAt = receivedAt
        let method = method
        return try fields.withUnsafeBufferPointer { fields in
            try work(
                CollectedRequest(
                    method: method, path: arena[path], query: arena[query],
                    headers: HeaderFields(fields, in: arena.bytes), body: arena[body], client: arena[client],
                    identity: identity.map { arena[$0] }, receivedAt: receivedAt))
        }
    }
}

extension ByteArena {
    /// Appends bytes, and answers where they lie.
    fileprivate mutating func copy(_ bytes: [UInt8]) -> ByteRange {
        let start = count
        append(bytes)
        return ByteRange(from: start, to: count)
    }
}
