import CLibCurl

/// Scheme, host and port of a URL: who is asked. The only part of a URL that appears in messages, as the rest may hold secrets.
struct HTTPOrigin: Equatable, CustomStringConvertible {
    var scheme: String
    var host: String
    var port: String

    /// Nil when the URL is not http or https, has control characters, or names a user.
    init?(_ url: String) {
        guard url.utf8.count <= 64 << 10, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let handle = curl_url()
        else { return nil }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, url, UInt32(CURLU_DISALLOW_USER)) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: handle), scheme == "http" || scheme == "https",
            let host = Self.part(CURLUPART_HOST, of: handle), let port = Self.part(CURLUPART_PORT, of: handle)
        else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    var description: String { "\(scheme)://\(host):\(port)" }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
