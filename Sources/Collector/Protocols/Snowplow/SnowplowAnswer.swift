import CoreIngest

/// What trackers are told: byte for byte what they know from Snowplow's own collector.
enum SnowplowAnswer {
    static let ok = CollectedAnswer(status: 200, contentType: "text/plain; charset=utf-8", body: Array("ok".utf8))

    /// 43 bytes: one transparent point.
    static let pixel = CollectedAnswer(
        status: 200, contentType: "image/gif",
        body: [
            0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF,
            0xFF, 0x21, 0xF9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00,
            0x00, 0x02, 0x02, 0x44, 0x01, 0x00, 0x3B,
        ],
        headers: [CollectedAnswer.Header("Cache-Control", "no-cache, no-store, must-revalidate")])

    /// The answer with what belongs to every answer to a tracker: the cookie, and leave for the page's script to read it.
    static func completed(
        _ answer: CollectedAnswer, _ request: borrowing CollectedRequest, _ visitor: borrowing SnowplowVisitor
    ) -> CollectedAnswer {
        var answer = answer
        if let cookie = visitor.setCookie { answer.headers.append(CollectedAnswer.Header("Set-Cookie", cookie)) }
        answer.headers += origin(of: request)
        return answer
    }

    static func preflight(_ request: borrowing CollectedRequest) -> CollectedAnswer {
        CollectedAnswer(
            status: 200, contentType: "text/plain; charset=utf-8", body: [],
            headers: origin(of: request) + [
                CollectedAnswer.Header("Access-Control-Allow-Headers", "Content-Type, SP-Anonymous"),
                CollectedAnswer.Header("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
                CollectedAnswer.Header("Access-Control-Max-Age", "3600"),
            ])
    }

    private static func origin(of request: borrowing CollectedRequest) -> [CollectedAnswer.Header] {
        let sent = request.headers["origin"].map { String(decoding: $0, as: UTF8.self) }
        return [
            CollectedAnswer.Header("Access-Control-Allow-Origin", sent ?? "*"),
            CollectedAnswer.Header("Access-Control-Allow-Credentials", "true"),
        ]
    }
}
