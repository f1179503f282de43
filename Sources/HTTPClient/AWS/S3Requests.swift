#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Signed requests to one bucket of S3, or of what speaks like it. Any thread. Source: Amazon S3 API Reference.
package struct S3Requests: Sendable {
    package let settings: S3Settings
    private let credentials: AWSCredentialSource
    private let client: HTTPClient
    private let now: @Sendable () -> Int

    /// `now`: seconds since the Unix epoch.
    package init(
        _ settings: S3Settings, credentials: AWSCredentialSource, client: HTTPClient,
        now: @escaping @Sendable () -> Int = { time(nil) }
    ) {
        self.settings = settings
        self.credentials = credentials
        self.client = client
        self.now = now
    }

    /// Asks, and waits for the answer within `limits`. Any status is an answer. Credentials that are refused as such are looked for once
    /// more. `path`: what follows the bucket's address, escaped by ``FormText``.
    package func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: [UInt8] = [], limits: HTTPLimits
    ) throws(HTTPError) -> HTTPResponse {
        var request = HTTPRequest(method, settings.url + path, headers: headers)
        request.limits = limits
        var isRepetition = false
        while true {
            let used = try credentials.credentials(at: now())
            let signature = AWSSignature(used, region: settings.region, service: "s3")
            let response = try client.send(try signature.sign(request, body: body, at: now()), body: body)
            guard !isRepetition, response.status == 400 || response.status == 403,
                S3Failure(response).isOfCredentials, credentials.forget(used)
            else { return response }
            isRepetition = true
        }
    }
}
