package import CoreIngest
package import HTTPClient

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A bucket of S3, or of what speaks like it (MinIO, …). Source: Amazon S3 API Reference.
package struct S3Store: ObjectStore {
    private let requests: S3Requests
    private let limits: HTTPLimits
    package let mostBytes = 4 << 20

    /// `now`: seconds since the Unix epoch.
    package init(
        _ settings: S3Settings, credentials: AWSCredentialSource, timeout: Duration = .seconds(10), client: HTTPClient,
        now: @escaping @Sendable () -> Int = { time(nil) }
    ) {
        requests = S3Requests(settings, credentials: credentials, client: client, now: now)
        limits = .registry(timeout: timeout, bytes: mostBytes)
    }

    package var description: String { requests.settings.description }

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
        SchemaError(.unavailable, "\(description) \(S3Failure(response).message(permissions: Self.permissions))")
    }

    private static let permissions = "s3:ListBucket and s3:GetObject to read, s3:PutObject to publish"

    /// Any status is an answer.
    private func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: [UInt8] = []
    ) throws(SchemaError) -> HTTPResponse {
        do throws(HTTPError) {
            return try requests.send(method, path, headers: headers, body: body, limits: limits)
        } catch {
            throw RegistryRequests.error(error)
        }
    }
}
