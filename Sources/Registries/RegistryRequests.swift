import CoreIngest
package import HTTPClient

/// How registries behind HTTP are asked: limits, the headers that identify us, and from answers to errors.
package struct RegistryRequests: Sendable {
    let client: HTTPClient
    /// Scheme, host and path before what each registry adds; without a slash at the end. Never in a message beyond its origin.
    let url: String
    /// Sent with each request: keys and tokens.
    let headers: HTTPHeaders
    let limits: HTTPLimits
    /// Bytes of one schema.
    let mostBytes: Int

    package init(
        url: String, headers: HTTPHeaders = [:], timeout: Duration = .seconds(10), mostBytes: Int = 4 << 20,
        client: HTTPClient
    ) {
        var url = Substring(url)
        while url.hasSuffix("/") { url = url.dropLast() }
        self.url = String(url)
        self.headers = headers
        self.client = client
        self.mostBytes = mostBytes
        limits = HTTPLimits.registry(timeout: timeout, bytes: mostBytes)
    }

    /// Any status is an answer; throws ``SchemaError/Code/unavailable`` without one.
    func send(
        _ method: HTTPMethod = .get, _ path: String, headers more: HTTPHeaders = [:], body: [UInt8] = [],
        mostBytes: Int? = nil
    ) throws(SchemaError) -> HTTPResponse {
        var request = HTTPRequest(method, url + path, headers: headers)
        for field in more.fields { request.headers[field.name] = field.value }
        request.limits = limits
        if let mostBytes { request.limits.responseBytes = mostBytes }
        request.acceptsCompression = true
        do throws(HTTPError) {
            return try client.send(request, body: body)
        } catch {
            throw Self.error(error)
        }
    }

    static func error(_ error: HTTPError) -> SchemaError {
        SchemaError(error.code == .tooLarge ? .tooLarge : .unavailable, error.message)
    }

    /// The error of a status that is none of those a registry expects.
    static func unexpected(_ response: HTTPResponse, from registry: String) -> SchemaError {
        let words = response.excerpt(120)
        let answer = "\(registry) answers with status \(response.status)" + (words.isEmpty ? "" : ": \(words)")
        switch response.status {
        // Someone has to change the configuration or the key; until then it is as if the registry were down.
        case 401, 403:
            return SchemaError(.unavailable, "\(answer); check the key and the permissions in the configuration")
        default: return SchemaError(.unavailable, answer)
        }
    }

    /// The same for publishing.
    static func refused(_ response: HTTPResponse, from registry: String) -> SchemaError {
        let error = unexpected(response, from: registry)
        return [401, 403, 405, 501].contains(response.status) ? SchemaError(.denied, error.message) : error
    }

    /// A text that is no schema is no answer: an error page with status 200 must not take a schema's place.
    static func checked(_ text: [UInt8], as name: SchemaName, from registry: String) throws(SchemaError) -> [UInt8] {
        if let flaw = SchemaText.flaw(text, as: name) {
            throw SchemaError(.unavailable, "\(registry) answers for \(name) with what cannot be it: \(flaw)")
        }
        return text
    }
}

extension HTTPLimits {
    static func registry(timeout: Duration, bytes: Int) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.connect = min(timeout, .seconds(10))
        limits.total = timeout
        limits.stall = .zero
        limits.responseBytes = bytes
        return limits
    }
}
