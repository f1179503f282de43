/// What a client of the operations server asked: the head of an HTTP request; bodies are not taken.
struct OperationsRequest: Sendable {
    enum Method: Sendable { case get, head, post, other }

    var method: Method
    /// Percent-decoded, without the query.
    var path: String
    /// Percent-decoded names and values, in order.
    var query: [(name: String, value: String)]
    /// The `Authorization` header.
    var authorization: String?

    /// Nil when the target is malformed.
    init?(method: Method, target: String, authorization: String?) {
        guard target.hasPrefix("/") else { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = Self.decoded(parts[0], plusIsSpace: false) else { return nil }
        self.method = method
        self.path = path
        self.authorization = authorization
        query = []
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(sides[0], plusIsSpace: true),
                let value = Self.decoded(sides.count == 2 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            query.append((name, value))
        }
    }

    /// The first value of a query parameter.
    subscript(name: String) -> String? { query.first { $0.name == name }?.value }

    static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(nibble), let low = iterator.next().flatMap(nibble) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

/// The answer to a request.
struct OperationsResponse: Sendable {
    var status: Int
    var contentType: String
    var body: [UInt8]

    /// Header fields of every answer: pages are not kept, and are only what they say.
    static let safetyHeaders: [(name: String, value: String)] = [
        ("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"),
        ("content-security-policy", ConsolePage.contentSecurityPolicy),
    ]

    static func text(_ text: String, status: Int = 200) -> OperationsResponse {
        OperationsResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
    }

    static func json(_ body: [UInt8], status: Int = 200) -> OperationsResponse {
        OperationsResponse(status: status, contentType: "application/json", body: body)
    }

    static func html(_ text: String) -> OperationsResponse {
        OperationsResponse(status: 200, contentType: "text/html; charset=utf-8", body: Array(text.utf8))
    }

    /// A JSON object that says what was wrong with the request.
    static func refusal(_ status: Int, _ message: String) -> OperationsResponse {
        .json(JSONText.object { $0.member("error", message) }, status: status)
    }
}
