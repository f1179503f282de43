import CoreIngest
import HTTPClient

/// Snowpipe Streaming's REST API, high-performance architecture: requests and answers, without memory of channels. Calls block,
/// within limits; one thread.
///
/// Rows go to a host of the service's own, with a token that is good for nothing else. Source: Snowflake, "Snowpipe Streaming REST
/// API endpoints"; where its own SDK and that page differ (bodies of plain text, `error_code`), both forms are taken.
final class SnowpipeStreaming {
    private let account: SnowflakeAccount
    private let database: String
    private let schema: String
    private let usage: SnowflakeUsage
    private let now: () -> Int
    /// Scheme, host and port of the service.
    private var service: String?
    private var token: (value: SnowflakeToken, renewal: Int)?

    /// Bytes of rows of one request, before compression. Snowflake takes 4 MB as sent.
    static let mostBytes = 4_000_000
    /// Of one row. Rows compress; one that is too large even so is refused by Snowflake.
    static let mostRowBytes = 16_000_000

    init(
        _ account: SnowflakeAccount, database: String, schema: String, usage: SnowflakeUsage,
        now: @escaping () -> Int = { Int(Timestamp.now() / 1_000_000) }
    ) {
        self.account = account
        self.database = database
        self.schema = schema
        self.usage = usage
        self.now = now
    }

    /// Opens a channel to a table's own pipe: what it is to be told with the next rows, and how it is. `discarding`: rows that are not
    /// committed yet are given up; otherwise they are waited for by the caller, who gets code `ERR_CHANNEL_HAS_UNCOMMITTED_DATA`.
    func open(_ channel: String, of table: String, discarding: Bool) throws(SnowflakeFailure) -> (
        continuation: String, ChannelStatus
    ) {
        let body = discarding ? "{}" : "{\"fail_on_uncommitted_rows\":true}"
        let response = try send(
            .put, "/v2/streaming\(pipe(table))/channels/\(FormText.escaped(channel))", Array(body.utf8),
            to: "open a channel")
        return try read(response, of: "an opened channel") { view in
            guard let token = view.member(0, named: "next_continuation_token").flatMap({ view.string($0) }),
                let value = view.member(0, named: "channel_status"), let status = ChannelStatus(view, value)
            else { return nil }
            return (token, status)
        }
    }

    /// Appends rows, one JSON object a line, and answers what is to be told with the next ones. The rows are then buffered, and
    /// committed once the channel's status says so.
    func append(
        _ rows: UnsafeRawBufferPointer, to channel: String, of table: String, continuation: String, offset: String
    ) throws(SnowflakeFailure) -> String {
        let query =
            "?continuationToken=\(FormText.escaped(continuation))&offsetToken=\(FormText.escaped(offset))"
            + "&requestId=\(randomRequestID())&retryCount=0"
        let path = "/v2/streaming/data\(pipe(table))/channels/\(FormText.escaped(channel))/rows"
        var request = HTTPRequest(.post, try serviceURL() + path + query)
        request.headers["Content-Type"] = "application/x-ndjson"
        request.compression = .zstd
        let response = try send(request, Array(rows))
        guard response.status == 200 else { throw SnowflakeFailure(response, to: "rows for \(table)") }
        usage.appended(bytes: rows.count)
        return try read(response, of: "appended rows") { view in
            view.member(0, named: "next_continuation_token").flatMap { view.string($0) }
        }
    }

    /// How some channels of a table are; one that is not there is left out.
    func status(of channels: [String], of table: String) throws(SnowflakeFailure) -> [String: ChannelStatus] {
        var body = ByteArena(capacity: 256)
        body.append("{\"channel_names\":[")
        for (index, channel) in channels.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.appendJSONString(text: channel)
        }
        body.append("]}")
        let response = try send(
            .post, "/v2/streaming\(pipe(table)):bulk-channel-status", Array(body.bytes),
            to: "ask for a channel's status")
        return try read(response, of: "a channel's status") { view in
            guard let list = view.member(0, named: "channel_statuses") else { return nil }
            var found: [String: ChannelStatus] = [:]
            for member in view.members(list) {
                guard let name = view.string(member.name), let status = ChannelStatus(view, member.value) else {
                    continue
                }
                // Channels have no case.
                if let channel = channels.first(where: { $0.uppercased() == name.uppercased() }) {
                    found[channel] = status
                }
            }
            return found
        }
    }

    /// Finds the service and gets a token for it: everything that credentials are needed for.
    func connect() throws(SnowflakeFailure) { _ = try scopedToken() }

    /// Finds the service anew at the next request.
    func forget() {
        service = nil
        token = nil
    }

    // MARK: Requests

    private func pipe(_ table: String) -> String {
        "/databases/\(FormText.escaped(database))/schemas/\(FormText.escaped(schema))/pipes/\(FormText.escaped("\(table)-STREAMING"))"
    }

    private func send(_ method: HTTPMethod, _ path: String, _ body: [UInt8], to what: String) throws(SnowflakeFailure)
        -> HTTPResponse
    {
        var request = HTTPRequest(method, try serviceURL() + path)
        request.headers["Content-Type"] = "application/json"
        let response = try send(request, body)
        guard response.status == 200 else { throw SnowflakeFailure(response, to: "\(what) (\(database).\(schema))") }
        return response
    }

    /// A token that is refused is exchanged once.
    private func send(_ request: HTTPRequest, _ body: [UInt8]) throws(SnowflakeFailure) -> HTTPResponse {
        let first = try account.send(request, body: body, as: try scopedToken())
        guard first.status == 401 else { return first }
        token = nil
        return try account.send(request, body: body, as: try scopedToken())
    }

    private func read<Value>(
        _ response: HTTPResponse, of what: String, _ take: (JSONView) -> Value?
    ) throws(SnowflakeFailure) -> Value {
        let document = response.body.withUnsafeBytes { try? JSONDocument($0) }
        defer { withExtendedLifetime(document) {} }
        guard let document, let value = take(document.view) else {
            throw SnowflakeFailure(.unavailable, "Snowflake's answer about \(what) is not in the documented form")
        }
        return value
    }

    // MARK: The service's host and token

    private func serviceURL() throws(SnowflakeFailure) -> String {
        if let service { return service }
        let host = try word(in: try exchange(HTTPRequest(.get, account.url + "/v2/streaming/hostname"), []), "hostname")
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/@?#\\\"'".utf8.contains($0) }) else {
            throw SnowflakeFailure(.unavailable, "Snowflake's answer about the streaming service's host is not a name")
        }
        self.host = host
        let scheme = account.url.prefix { $0 != ":" }
        let authority = account.url.dropFirst(scheme.count + 3)
        let port = host.contains(":") ? "" : authority.drop { $0 != ":" }
        // Accounts' names may have underscores, hosts' not.
        let name = String(host.map { $0 == "_" ? "-" : $0 })
        let url = "\(scheme)://\(name)\(port)"
        service = url
        return url
    }

    /// As the service said it, which is what its token is asked for.
    private var host = ""

    private func scopedToken() throws(SnowflakeFailure) -> SnowflakeToken {
        if let token, token.renewal > now() { return token.value }
        _ = try serviceURL()
        var request = HTTPRequest(.post, account.url + "/oauth/token")
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        let grant = FormText.escaped("urn:ietf:params:oauth:grant-type:jwt-bearer")
        let response = try exchange(request, Array("grant_type=\(grant)&scope=\(FormText.escaped(host))".utf8))
        let text = try word(in: response, "token")
        let life = Self.life(of: text) ?? 3600
        let fresh = SnowflakeToken(value: text, type: "OAUTH")
        // Renewed when four fifths of its life are over, and not in a loop where clocks or lives are odd.
        token = (fresh, now() + max(10, min(life, 86400) * 4 / 5))
        return fresh
    }

    private func exchange(_ request: HTTPRequest, _ body: [UInt8]) throws(SnowflakeFailure) -> HTTPResponse {
        let response = try account.send(request, body: body)
        guard response.status == 200 else { throw SnowflakeFailure(response, to: "a sign-in for streaming") }
        return response
    }

    /// An answer that is the word itself, or a JSON object that has it as a member.
    private func word(in response: HTTPResponse, _ member: String) throws(SnowflakeFailure) -> String {
        let body = response.body
        if body.first == UInt8(ascii: "{") || body.first == UInt8(ascii: "\"") {
            return try read(response, of: "a sign-in for streaming") { view in
                view.string(0) ?? view.member(0, named: member).flatMap { view.string($0) }
            }
        }
        let text = String(decoding: body.prefix(64 << 10), as: UTF8.self)
        let word = text.split { $0.isWhitespace }
        guard word.count == 1 else {
            throw SnowflakeFailure(
                .unavailable, "Snowflake's answer to a sign-in for streaming is not in the documented form")
        }
        return String(word[0])
    }

    /// Seconds between `iat` and `exp` of a JSON Web Token; nil where it is none.
    static func life(of token: String) -> Int? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let claims = base64URLDecoded(parts[1]),
            let document = claims.withUnsafeBytes({ try? JSONDocument($0) })
        else { return nil }
        defer { withExtendedLifetime(document) {} }
        let view = document.view
        guard let expiry = view.member(0, named: "exp").flatMap({ view.integer($0) }),
            let issued = view.member(0, named: "iat").flatMap({ view.integer($0) }), expiry > issued
        else { return nil }
        // Snowflake's own SDK writes milliseconds.
        return issued > 100_000_000_000 ? (expiry - issued) / 1000 : expiry - issued
    }

    private static func base64URLDecoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for byte in text.utf8 {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte) - 0x41
            case 0x61...0x7A: value = UInt32(byte) - 0x61 + 26
            case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
            case 0x2D: value = 62
            case 0x5F: value = 63
            default: return nil
            }
            word = word << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return bytes
    }
}
