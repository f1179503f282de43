package import CoreIngest
package import HTTPClient

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A bucket of S3, or of what speaks like it (MinIO, …). Source: Amazon S3 API Reference.
package struct S3Store: ObjectStore {
    private let settings: S3Settings
    private let requests: RegistryRequests
    private let credentials: AWSCredentialSource
    private let now: @Sendable () -> Int

    /// `now`: seconds since the Unix epoch.
    package init(
        _ settings: S3Settings, credentials: AWSCredentialSource, timeout: Duration = .seconds(10), client: HTTPClient,
        now: @escaping @Sendable () -> Int = { time(nil) }
    ) {
        self.settings = settings
        self.credentials = credentials
        self.now = now
        requests = RegistryRequests(url: settings.url, timeout: timeout, client: client)
    }

    package var description: String {
        "the bucket \(settings.bucket)" + (settings.endpoint.map { " at \($0)" } ?? " of S3 in \(settings.region)")
    }

    package var mostBytes: Int { requests.mostBytes }

    package func get(_ key: String, unless tag: String?) throws(SchemaError) -> KnownTexts.Answer {
        let response = try send(
            .get, "/\(FormText.path(key))", headers: tag.map { ["If-None-Match": $0] } ?? [:])
        switch response.status {
        case 200: return .text(response.body, tag: response.headers["ETag"])
        case 304 where tag != nil: return .unchanged
        // A bucket that is missing is a mistake in the configuration, not a missing schema.
        case 404 where S3Failure(response).code != "NoSuchBucket": return .missing
        default: throw failure(response)
        }
    }

    package func put(_ bytes: [UInt8], _ key: String) throws(SchemaError) -> Bool {
        let response = try send(
            .put, "/\(FormText.path(key))", headers: ["If-None-Match": "*", "Content-Type": "application/json"],
            body: bytes)
        switch response.status {
        case 200, 201, 204: return true
        // 409: another write of the same key was under way.
        case 409, 412: return false
        case 403, 405, 501: throw SchemaError(.denied, failure(response).message)
        default: throw failure(response)
        }
    }

    package func keys(prefix: String, page: String?) throws(SchemaError) -> (keys: [String], next: String?) {
        // In the order in which they are signed, for servers that do not sort them.
        let token = page.map { "continuation-token=\(FormText.escaped($0))&" } ?? ""
        let response = try send(.get, "?\(token)list-type=2&prefix=\(FormText.escaped(prefix))")
        guard response.status == 200 else { throw failure(response) }
        return (
            XMLText.values(of: "Key", in: response.body), XMLText.value(of: "NextContinuationToken", in: response.body)
        )
    }

    private func failure(_ response: HTTPResponse) -> SchemaError {
        SchemaError(.unavailable, "\(description) \(S3Failure(response).message)")
    }

    /// Any status is an answer. Credentials that are refused as such are looked for once more.
    private func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: [UInt8] = []
    ) throws(SchemaError) -> HTTPResponse {
        var request = HTTPRequest(method, requests.url + path, headers: headers)
        request.limits = requests.limits
        do throws(HTTPError) {
            var isRepetition = false
            while true {
                let used = try credentials.credentials(at: now())
                let signature = AWSSignature(used, region: settings.region, service: "s3")
                let response = try requests.client.send(try signature.sign(request, body: body, at: now()), body: body)
                guard !isRepetition, response.status == 400 || response.status == 403,
                    S3Failure(response).isOfCredentials, credentials.forget(used)
                else { return response }
                isRepetition = true
            }
        } catch {
            throw RegistryRequests.error(error)
        }
    }
}
