#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// AWS Signature Version 4 in headers, with the body's hash. Source: AWS, "Create a signed AWS API request".
package struct AWSSignature: Sendable {
    package var credentials: AWSCredentials
    package var region: String
    package var service: String

    package init(_ credentials: AWSCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The request with its signature. Its path and query are signed as they are, as S3 wants it, so they must be escaped by
    /// ``FormText``. Headers that the client adds by itself are not signed.
    ///
    /// `seconds`: since the Unix epoch; servers allow some minutes of difference.
    package func sign(_ request: HTTPRequest, body: [UInt8] = [], at seconds: Int) throws(HTTPError) -> HTTPRequest {
        guard let target = SignedTarget(request.url) else { throw HTTPError.badAddress }
        var signed = request
        let time = Self.time(seconds)
        let hash = Digest.hex(try Digest.sha256(body))
        signed.headers["x-amz-date"] = time
        signed.headers["x-amz-content-sha256"] = hash
        if let token = credentials.sessionToken { signed.headers["x-amz-security-token"] = token }
        var fields = signed.headers.fields.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) }
        fields.append(("host", target.host))
        fields.sort { $0.name < $1.name }
        let names = fields.map(\.name).joined(separator: ";")
        let canonical = [
            request.method.rawValue, target.path, target.query,
            fields.map { "\($0.name):\($0.value)\n" }.joined(), names, hash,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", time, scope, Digest.hex(try Digest.sha256(Array(canonical.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [day, region, service, "aws4_request"] { key = try Digest.hmac(part, key: key) }
        let signature = Digest.hex(try Digest.hmac(text, key: key))
        signed.headers["Authorization"] =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return signed
    }

    /// `20130524T000000Z`
    private static func time(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func digits(_ number: Int32, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2) + "T"
            + digits(parts.tm_hour, 2) + digits(parts.tm_min, 2) + digits(parts.tm_sec, 2) + "Z"
    }

    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}

/// The parts of an address that are signed.
private struct SignedTarget {
    /// As it stands in the header `Host`.
    var host: String
    var path: String
    /// Sorted by name, then by value; every name with an equals sign.
    var query: String

    init?(_ url: String) {
        guard let origin = HTTPOrigin(url) else { return nil }
        let bytes = url.utf8
        // "://" is there, or it would have no origin.
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let rest = url[colon...].dropFirst(3).drop { $0 != "/" && $0 != "?" }
        let path = rest.prefix { $0 != "?" }
        self.path = path.isEmpty ? "/" : String(path)
        query = rest.drop { $0 != "?" }.dropFirst().split(separator: "&")
            .map { pair in (name: pair.prefix { $0 != "=" }, value: pair.drop { $0 != "=" }.dropFirst()) }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        let usual = origin.scheme == "https" ? "443" : "80"
        host = origin.port == usual ? origin.host : "\(origin.host):\(origin.port)"
    }
}
