import CLibCurl

/// Sets the options of a handle for one request. Source: curl_easy_setopt(3).
struct TransferOptions {
    let easy: UnsafeMutableRawPointer

    /// False when libcurl refuses one.
    func apply(_ prepared: PreparedRequest, body: UnsafeRawBufferPointer, settings: HTTPClient.Settings) -> Bool {
        let request = prepared.request
        return shim_curl_only_http(easy) == CURLE_OK && set(CURLOPT_URL, request.url)
            && set(CURLOPT_USERAGENT, settings.userAgent)
            // Timeouts without signals, which belong to the whole process.
            && set(CURLOPT_NOSIGNAL, 1) && set(CURLOPT_FOLLOWLOCATION, 0) && set(CURLOPT_TCP_KEEPALIVE, 1)
            && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1) && set(CURLOPT_HTTP_VERSION, version(settings.version))
            && set(CURLOPT_PATH_AS_IS, 1) && applyLimits(request) && applyTrust(settings)
            && applyProxy(settings.proxy)
            && (!request.acceptsCompression || set(CURLOPT_ACCEPT_ENCODING, "gzip, zstd"))
            && applyMethod(request.method, body: body)
    }

    private func applyMethod(_ method: HTTPMethod, body: UnsafeRawBufferPointer) -> Bool {
        switch method {
        case .head: return set(CURLOPT_NOBODY, 1)
        case .get where body.isEmpty: return set(CURLOPT_HTTPGET, 1)
        case .delete where body.isEmpty: return set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        case .get, .post, .put, .patch, .delete:
            // The fields are not copied; a null pointer would make libcurl read from stdin.
            guard shim_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)) == CURLE_OK,
                shim_curl_set_pointer(easy, CURLOPT_POSTFIELDS, body.baseAddress ?? UnsafeRawPointer(easy)) == CURLE_OK
            else { return false }
            return set(CURLOPT_POST, 1) && set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        }
    }

    private func applyLimits(_ request: HTTPRequest) -> Bool {
        let limits = request.limits
        let stall = Int(limits.stall.components.seconds)
        return set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connect))
            && set(CURLOPT_TIMEOUT_MS, milliseconds(limits.total)) && set(CURLOPT_LOW_SPEED_LIMIT, stall > 0 ? 1 : 0)
            && set(CURLOPT_LOW_SPEED_TIME, stall)
            // By Content-Length, which an answer to HEAD may have without a body.
            && (request.method == .head
                || shim_curl_set_offset(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(limits.responseBytes)) == CURLE_OK)
    }

    /// At least 1, as 0 means no limit; at most what 32 bits hold, which is 24 days.
    private func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        let whole = Int(min(max(0, seconds), 2_000_000))
        return max(1, whole * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }

    private func applyTrust(_ settings: HTTPClient.Settings) -> Bool {
        set(CURLOPT_SSL_VERIFYPEER, 1) && set(CURLOPT_SSL_VERIFYHOST, 2)
            && (settings.authorities.map { set(CURLOPT_CAINFO, $0) } ?? true)
            && (settings.certificate.map { set(CURLOPT_SSLCERT, $0) } ?? true)
            && (settings.certificateKey.map { set(CURLOPT_SSLKEY, $0) } ?? true)
    }

    private func applyProxy(_ proxy: HTTPClient.Proxy) -> Bool {
        switch proxy {
        case .environment: true
        // An empty text also keeps libcurl from the environment.
        case .none: set(CURLOPT_PROXY, "")
        case .url(let url): set(CURLOPT_PROXY, url)
        }
    }

    private func version(_ version: HTTPClient.Version) -> Int {
        switch version {
        case .http1: Int(CURL_HTTP_VERSION_1_1)
        case .http2OverTLS: Int(CURL_HTTP_VERSION_2TLS)
        case .http2PriorKnowledge: Int(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
        }
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool { shim_curl_set_long(easy, option, value) == CURLE_OK }

    /// libcurl copies the text.
    private func set(_ option: CURLoption, _ value: String) -> Bool {
        shim_curl_set_text(easy, option, value) == CURLE_OK
    }
}
