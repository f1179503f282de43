package import CoreIngest
package import HTTPClient

/// A bucket of Google Cloud Storage, by its JSON API. Source: Cloud Storage, "JSON API reference: Objects".
package struct GCSStore: ObjectStore {
    private let bucket: String
    private let requests: RegistryRequests
    private let credentials: GoogleCredentials

    /// What tokens are for.
    package static let scope = "https://www.googleapis.com/auth/devstorage.read_write"

    /// `requests` has the endpoint: `https://storage.googleapis.com`.
    package init(_ requests: RegistryRequests, bucket: String, credentials: GoogleCredentials) {
        self.requests = requests
        self.bucket = bucket
        self.credentials = credentials
    }

    package var description: String { "the bucket \(bucket) of Cloud Storage at \(requests.url)" }

    package var mostBytes: Int { requests.mostBytes }

    package func get(_ key: String, unless tag: String?) throws(SchemaError) -> KnownTexts.Answer {
        let condition = tag.map { "&ifGenerationNotMatch=\(FormText.escaped($0))" } ?? ""
        let response = try send(.get, "\(objects)/\(FormText.escaped(key))?alt=media\(condition)")
        switch response.status {
        case 200: return .text(response.body, tag: response.headers["x-goog-generation"])
        case 304 where tag != nil: return .unchanged
        // A bucket that is missing is a mistake in the configuration, not a missing schema.
        case 404 where !isOfBucket(response): return .missing
        default: throw failure(response)
        }
    }

    package func put(_ bytes: [UInt8], _ key: String) throws(SchemaError) -> Bool {
        // Generation 0 is that of an object which is not there.
        let response = try send(
            .post, "/upload\(objects)?uploadType=media&name=\(FormText.escaped(key))&ifGenerationMatch=0",
            headers: ["Content-Type": "application/schema+json"], body: bytes)
        switch response.status {
        case 200: return true
        case 412: return false
        case 403: throw SchemaError(.denied, failure(response).message)
        default: throw failure(response)
        }
    }

    package func keys(prefix: String, page: String?) throws(SchemaError) -> (keys: [String], next: String?) {
        let token = page.map { "&pageToken=\(FormText.escaped($0))" } ?? ""
        let response = try send(
            .get, "\(objects)?fields=items(name),nextPageToken&prefix=\(FormText.escaped(prefix))\(token)")
        guard response.status == 200 else { throw failure(response) }
        guard let keys = Listing.names(response.body, in: "items") else {
            throw SchemaError(.unavailable, "\(description) lists objects in a form that is not known")
        }
        return (keys, response.member("nextPageToken"))
    }

    private var objects: String { "/storage/v1/b/\(FormText.escaped(bucket))/o" }

    private func isOfBucket(_ response: HTTPResponse) -> Bool {
        String(decoding: response.body.prefix(4096), as: UTF8.self).contains("bucket does not exist")
    }

    /// Any status is an answer. A token that is refused is asked for anew once.
    private func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: [UInt8] = []
    ) throws(SchemaError) -> HTTPResponse {
        let response = try attempt(method, path, headers, body)
        guard response.status == 401 else { return response }
        credentials.discard()
        return try attempt(method, path, headers, body)
    }

    private func attempt(
        _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders, _ body: [UInt8]
    ) throws(SchemaError) -> HTTPResponse {
        var headers = headers
        do throws(GoogleCredentialError) { try credentials.authorize(&headers) } catch {
            throw SchemaError(.unavailable, "\(description) cannot be asked: \(error.message)")
        }
        return try requests.send(method, path, headers: headers, body: body)
    }

    /// Without the server's own words, which name the account.
    private func failure(_ response: HTTPResponse) -> SchemaError {
        let advice =
            switch response.status {
            case 401: "the credentials are not taken; check them, and the machine's clock"
            case 403:
                "the credentials lack a permission: storage.objects.get and storage.objects.list to read, storage.objects.create to publish"
            case 404 where isOfBucket(response): "there is no such bucket; check its name"
            case 429, 500...: "it is asked again"
            default: "check the endpoint and the bucket"
            }
        return SchemaError(.unavailable, "\(description) answers with status \(response.status): \(advice)")
    }
}
