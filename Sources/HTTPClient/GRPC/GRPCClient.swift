/// Calls methods by gRPC over libcurl's HTTP/2. A call sends all of its messages, ends its side, and waits for all answers: enough for
/// unary methods, and for streams of which the caller knows every message beforehand.
///
/// Source: github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md.
package struct GRPCClient: Sendable {
    private let http: HTTPClient
    /// Scheme, host and port.
    private let endpoint: String
    private let limits: HTTPLimits
    private var keepsConnections: Bool { !endpoint.hasPrefix("http:") }

    /// `endpoint`: `https://host`, or `http://host:port`, which is spoken to in HTTP/2 without asking. `limits` are those of each call.
    package init(
        endpoint: String, userAgent: String = "buz-cdc", proxy: HTTPClient.Proxy = .environment, limits: HTTPLimits
    ) {
        var settings = HTTPClient.Settings()
        settings.userAgent = userAgent
        settings.proxy = proxy
        settings.version = endpoint.hasPrefix("http:") ? .http2PriorKnowledge : .http2OverTLS
        http = HTTPClient(settings)
        self.endpoint = endpoint
        self.limits = limits
    }

    package func close() { http.close() }

    /// The answers, and the error that the call ended with: a stream may answer some messages before it fails.
    package struct Outcome {
        package var messages: [ArraySlice<UInt8>]
        package var error: GRPCError?

        package init(messages: [ArraySlice<UInt8>], error: GRPCError?) {
            self.messages = messages
            self.error = error
        }
    }

    /// `body`: messages with their heads (``GRPCFrames``). `method`: `package.Service/Method`.
    package func call(
        _ method: String, headers: HTTPHeaders, body: UnsafeRawBufferPointer, cancellation: HTTPCancellation? = nil
    ) -> Outcome {
        var request = HTTPRequest(.post, "\(endpoint)/\(method)", headers: headers)
        request.headers["Content-Type"] = "application/grpc"
        request.headers["TE"] = "trailers"
        request.limits = limits
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try http.send(request, body: body, cancellation: cancellation)
        } catch { return Outcome(messages: [], error: GRPCError(error)) }
        // A server that refuses a call before its messages were sent resets the stream. libcurl 7.88 cannot use the connection after
        // it, nor one without TLS for a second call.
        if response.headers["grpc-status"] != "0" || !keepsConnections { http.forgetConnections() }
        // In the trailers, or in the head where there is nothing else: libcurl hands both over alike.
        guard let status = response.headers["grpc-status"] else {
            return Outcome(messages: [], error: GRPCError(http: response, from: endpoint))
        }
        do throws(GRPCError) {
            let messages = try GRPCFrames.messages(response.body, from: endpoint)
            return Outcome(messages: messages, error: Self.error(status, response, from: endpoint))
        } catch { return Outcome(messages: [], error: error) }
    }

    private static func error(_ status: String, _ response: HTTPResponse, from endpoint: String) -> GRPCError? {
        if status == "0" { return nil }
        let code = Int(status).flatMap { GRPCError.Code(rawValue: $0) } ?? .unknown
        let words = OneLine.of(PercentDecoding.text(response.headers["grpc-message"] ?? ""), most: 300)
        let text = words.isEmpty ? "\(endpoint) ends a call with status \(status)" : words
        return GRPCError(code, text, retryAfterSeconds: response.retryAfterSeconds)
    }
}

/// `%20` → a blank; what is malformed stays as it is.
enum PercentDecoding {
    static func text(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = value(bytes[at + 1]),
                let low = value(bytes[at + 2])
            {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
