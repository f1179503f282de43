import CoreIngest
package import HTTPClient

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One account: sends requests with its credentials. Calls block, within limits. Any thread.
package final class SnowflakeAccount: Sendable {
    package struct Settings: Sendable {
        /// As in the account's address: `myorg-account`, or `xy12345.eu-central-1`.
        package var account: String
        /// In place of the address made of ``account``: scheme, host and port.
        package var url: String?
        package var user: String
        package var identity: SnowflakeIdentity

        package init(account: String, url: String? = nil, user: String, identity: SnowflakeIdentity) {
            self.account = account
            self.url = url
            self.user = user
            self.identity = identity
        }
    }

    /// Scheme, host and port; no slash at the end.
    let url: String
    let credentials: SnowflakeCredentials
    private let client: HTTPClient

    package init(
        _ settings: Settings, client: HTTPClient,
        now: @escaping @Sendable () -> Int = { Int(Timestamp.now() / 1_000_000) }
    ) {
        var url = Substring(settings.url ?? "https://\(Self.host(of: settings.account))")
        while url.hasSuffix("/") { url = url.dropLast() }
        self.url = String(url)
        self.client = client
        credentials = SnowflakeCredentials(
            settings.identity, account: settings.account, user: settings.user, now: now)
    }

    /// Names of accounts may have underscores, names of hosts may not.
    static func host(of account: String) -> String {
        "\(String(account.lowercased().map { $0 == "_" ? "-" : $0 })).snowflakecomputing.com"
    }

    /// Sends a request as the account's user. A refused token is made anew once, by Snowflake's clock where ours is wrong.
    func send(_ request: HTTPRequest, body: [UInt8] = []) throws(SnowflakeFailure) -> HTTPResponse {
        let first = try attempt(request, body)
        guard first.status == 401 else { return first }
        credentials.refused(serverTime: first.headers["Date"].flatMap(Self.seconds(ofDate:)))
        return try attempt(request, body)
    }

    private func attempt(_ request: HTTPRequest, _ body: [UInt8]) throws(SnowflakeFailure) -> HTTPResponse {
        try send(request, body: body, as: try credentials.token())
    }

    /// Sends a request with a token of the caller's.
    func send(_ request: HTTPRequest, body: [UInt8], as token: SnowflakeToken) throws(SnowflakeFailure) -> HTTPResponse
    {
        var request = request
        request.headers["Authorization"] = "Bearer \(token.value)"
        request.headers["X-Snowflake-Authorization-Token-Type"] = token.type
        request.headers["Accept"] = "application/json"
        request.acceptsCompression = true
        do throws(HTTPError) {
            return try client.send(request, body: body)
        } catch {
            throw SnowflakeFailure(error)
        }
    }

    /// Ends what runs; requests after it fail.
    func close() { client.close() }

    /// Rests between two looks at something that takes its time.
    static func pause(_ duration: Duration) {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        if microseconds > 0 { usleep(UInt32(clamping: microseconds)) }
    }

    /// An IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`, as seconds since the Unix epoch: RFC 9110 section 5.6.7.
    static func seconds(ofDate text: String) -> Int? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "," })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 8, words[7] == "GMT", let day = Int32(words[1]),
            let month = months.firstIndex(of: String(words[2])), let year = Int32(words[3]),
            let hour = Int32(words[4]), let minute = Int32(words[5]), let second = Int32(words[6])
        else { return nil }
        var parts = tm()
        parts.tm_mday = day
        parts.tm_mon = Int32(month)
        parts.tm_year = year - 1900
        parts.tm_hour = hour
        parts.tm_min = minute
        parts.tm_sec = second
        let time = timegm(&parts)
        return time > 0 ? Int(time) : nil
    }
}

/// A random id in the form of RFC 9562, version 4.
func randomRequestID() -> String {
    var arena = ByteArena(capacity: 36)
    arena.append(
        uuidHigh: UInt64.random(in: 0 ... .max) & ~0xF000 | 0x4000,
        low: UInt64.random(in: 0 ... .max) & ~(3 << 62) | 1 << 63)
    return String(decoding: arena.bytes, as: UTF8.self)
}
