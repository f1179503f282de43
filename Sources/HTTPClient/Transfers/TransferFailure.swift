import CLibCurl

/// From libcurl's outcome to our error. Source: libcurl-errors(3).
enum TransferFailure {
    /// `outcome` nil: stopped. `words`: libcurl's own, which name hosts and numbers, never paths or headers.
    static func error(
        _ outcome: CURLcode?, words: String, isTooLarge: Bool, prepared: PreparedRequest, settings: HTTPClient.Settings
    ) -> HTTPError {
        let origin = prepared.origin
        guard let outcome else { return HTTPClient.cancelled(origin) }
        let limits = prepared.request.limits
        if isTooLarge || outcome == CURLE_FILESIZE_EXCEEDED {
            return HTTPError(
                .tooLarge,
                "the answer of \(origin) has more than \(limits.responseBytes) bytes, or \(limits.headerBytes) of headers, and was not read on"
            )
        }
        let code = code(of: outcome)
        let reason = OneLine.of(words.isEmpty ? String(cString: curl_easy_strerror(outcome)) : words, most: 300)
        switch code {
        case .unresolved:
            return HTTPError(code, "\(origin) cannot be found: \(reason); check the name, the DNS and the proxy")
        case .unreachable: return HTTPError(code, "\(origin) cannot be reached: \(reason)")
        case .tls:
            return HTTPError(
                code, "no TLS with \(origin): \(reason); check its certificate and the configured authorities")
        case .timedOut: return HTTPError(code, "\(origin) did not answer in time: \(reason)")
        case .connectionLost: return HTTPError(code, "\(origin) ended the connection before its answer: \(reason)")
        case .badAnswer: return HTTPError(code, "the answer of \(origin) cannot be read: \(reason)")
        case .badRequest, .tooLarge, .redirected, .cancelled, .credentials, .resource:
            return HTTPError(code, "the request to \(origin) could not be made: \(reason)")
        }
    }

    private static func code(of outcome: CURLcode) -> HTTPError.Code {
        switch outcome {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolved
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: .unreachable
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT,
            CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SEND_FAIL_REWIND:
            .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR,
            CURLE_TOO_MANY_REDIRECTS, CURLE_HTTP_RETURNED_ERROR:
            .badAnswer
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN: .badRequest
        default: .resource
        }
    }
}
