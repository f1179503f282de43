import CLibCurl
import Synchronization

/// A libcurl handle with the connections that it made. Used by one thread at a time; ``stop()`` may come from any.
final class Transfer: @unchecked Sendable {
    // Safe to share: `easy` and `multi` are used by the thread that took the transfer out of the client, and `curl_multi_wakeup` is
    // made for other threads. They are freed with the last reference.
    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let stopped = Atomic(false)

    /// libcurl's set-up for the whole process: once, before the first handle.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
    private static let errorBytes = Int(CURL_ERROR_SIZE)

    init() throws(HTTPError) {
        guard Self.isReady, let easy = curl_easy_init() else {
            throw HTTPError(.resource, "libcurl cannot start: out of memory")
        }
        guard let multi = curl_multi_init() else {
            curl_easy_cleanup(easy)
            throw HTTPError(.resource, "libcurl cannot start: out of memory or file descriptors")
        }
        self.easy = easy
        self.multi = multi
        _ = shim_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 4)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
    }

    func stop() {
        stopped.store(true, ordering: .releasing)
        curl_multi_wakeup(multi)
    }

    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// Forgets the request, its headers and its secrets; keeps the connections.
    func clear() { curl_easy_reset(easy) }

    /// The answer, and where it leads when it is a redirect.
    func perform(_ prepared: PreparedRequest, settings: HTTPClient.Settings) throws(HTTPError)
        -> (HTTPResponse, redirect: String?)
    {
        let answer = Answer(prepared.request.limits)
        var lines: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(lines) }
        for line in headerLines(prepared) {
            guard let longer = curl_slist_append(lines, line) else {
                throw HTTPError(.resource, "libcurl has no memory for the headers of a request")
            }
            lines = longer
        }
        let words = UnsafeMutablePointer<CChar>.allocate(capacity: Self.errorBytes)
        words.initialize(repeating: 0, count: Self.errorBytes)
        defer { words.deallocate() }
        let outcome = prepared.withBody { body in
            withExtendedLifetime(answer) {
                curl_easy_reset(easy)
                let context = Unmanaged.passUnretained(answer).toOpaque()
                let configured =
                    TransferOptions(easy: easy).apply(prepared, body: body, settings: settings)
                    && shim_curl_set_pointer(easy, CURLOPT_HTTPHEADER, lines) == CURLE_OK
                    && shim_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, words) == CURLE_OK
                    && shim_curl_set_receiver(easy, CURLOPT_WRITEFUNCTION, receiveBody) == CURLE_OK
                    && shim_curl_set_pointer(easy, CURLOPT_WRITEDATA, context) == CURLE_OK
                    && shim_curl_set_receiver(easy, CURLOPT_HEADERFUNCTION, receiveHeader) == CURLE_OK
                    && shim_curl_set_pointer(easy, CURLOPT_HEADERDATA, context) == CURLE_OK
                let outcome = configured ? run() : CURLE_OUT_OF_MEMORY
                // The buffer ends with this call.
                _ = shim_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, nil)
                return outcome
            }
        }
        if let outcome, outcome == CURLE_OK {
            var status = 0
            _ = shim_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
            var target: UnsafePointer<CChar>?
            _ = shim_curl_get_text(easy, CURLINFO_REDIRECT_URL, &target)
            return (
                HTTPResponse(status: status, headers: answer.headers, body: answer.body),
                target.map { String(cString: $0) }
            )
        }
        throw TransferFailure.error(
            outcome, words: String(cString: words), isTooLarge: answer.isTooLarge, prepared: prepared,
            settings: settings)
    }

    /// Runs to the end; nil when it was stopped.
    private func run() -> CURLcode? {
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
        defer { curl_multi_remove_handle(multi, easy) }
        while true {
            if isStopped { return nil }
            var running: Int32 = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi, &left) {
                if message.pointee.msg == CURLMSG_DONE { return shim_curl_outcome(message) }
            }
            // libcurl shortens the wait by its own timers; one that ends without cause is harmless.
            guard curl_multi_poll(multi, nil, 0, 1000, nil) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
        }
    }

    private func headerLines(_ prepared: PreparedRequest) -> [String] {
        let headers = prepared.request.headers
        // libcurl's own notation: "Name:" removes what it would set, "Name;" sends one without a value.
        var lines = headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if headers["Content-Type"] == nil { lines.append("Content-Type:") }
        // Waiting for a 100 Continue costs a round trip or a second.
        if headers["Expect"] == nil { lines.append("Expect:") }
        return lines
    }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    receive(bytes, size * count, context) { $0.take(body: $1) }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    receive(bytes, size * count, context) { $0.take(header: $1) }
}

/// Answers the number of bytes taken; any other than `count` ends the transfer.
private func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (Answer, UnsafeRawBufferPointer) -> Bool
) -> Int {
    guard count > 0, let bytes, let context else { return count }
    let answer = Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
    return take(answer, UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}
