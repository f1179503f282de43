import Synchronization

/// Sends requests and waits for their answers, on the caller's thread. Any thread, several at a time.
///
/// Connections are kept and used again, HTTP/2 where a server of `https` offers it. A request whose kept connection turns out to
/// be closed before a byte of the answer is sent once more on a new one, so a request can reach a server twice. Redirects are
/// not followed unless asked for. Cookies and `.netrc` are never read. Everything has a limit: ``HTTPLimits``.
package final class HTTPClient: Sendable {
    package struct Settings: Sendable {
        /// The `User-Agent`.
        package var userAgent = "buz-cdc"
        /// PEM file of the authorities to trust in place of the system's.
        package var authorities: String?
        /// PEM files of the client's own certificate and its key.
        package var certificate: String?
        package var certificateKey: String?
        package var proxy: Proxy = .environment
        package var version: Version = .http2OverTLS
        /// Handles that wait for use, each with the connections that it made.
        package var mostIdle = 8

        package init() {}
    }

    package enum Proxy: Sendable, Equatable {
        /// `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, as everywhere.
        case environment
        case none
        case url(String)
    }

    package enum Version: Sendable {
        case http1
        /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
        case http2OverTLS
        /// HTTP/2 without asking, also without TLS: for servers that speak nothing else.
        case http2PriorKnowledge
    }

    private struct State {
        var idle: [Transfer] = []
        var isClosed = false
    }

    private let settings: Settings
    private let state = Mutex(State())
    private let all = HTTPCancellation()

    package init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Sends a request and waits for the whole answer, at most ``HTTPLimits/total``. Any status is an answer.
    package func send(_ request: HTTPRequest, body: [UInt8] = [], cancellation: HTTPCancellation? = nil)
        throws(HTTPError) -> HTTPResponse
    {
        let result: Result<HTTPResponse, HTTPError> = body.withUnsafeBytes { bytes in
            do throws(HTTPError) { return .success(try send(request, body: bytes, cancellation: cancellation)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// As ``send(_:body:cancellation:)-([UInt8])``, for bytes that stay where they are during the call.
    package func send(_ request: HTTPRequest, body: UnsafeRawBufferPointer, cancellation: HTTPCancellation? = nil)
        throws(HTTPError) -> HTTPResponse
    {
        let prepared = try PreparedRequest(request, body: body)
        let transfer = try take()
        let response = try perform(prepared, on: transfer, cancellation)
        // Nobody can stop it any more, so a late cancellation does not meet the next request.
        give(back: transfer)
        return response
    }

    /// Closes the connections that wait for use; the next request opens a new one.
    package func forgetConnections() { state.withLock { $0.idle = [] } }

    private func perform(_ request: PreparedRequest, on transfer: Transfer, _ cancellation: HTTPCancellation?)
        throws(HTTPError) -> HTTPResponse
    {
        guard all.enter(transfer) else { throw Self.cancelled(request.origin) }
        defer { all.leave(transfer) }
        if let cancellation, !cancellation.enter(transfer) { throw Self.cancelled(request.origin) }
        defer { cancellation?.leave(transfer) }
        return try follow(request, on: transfer)
    }

    /// Ends what runs, and closes the connections. Requests after it end as cancelled.
    package func close() {
        all.cancel()
        state.withLock { state in
            state.isClosed = true
            state.idle = []
        }
    }

    private func follow(_ first: PreparedRequest, on transfer: Transfer) throws(HTTPError) -> HTTPResponse {
        var request = first
        var left = first.request.redirects
        while true {
            let (response, target) = try transfer.perform(request, settings: settings)
            guard let target, [301, 302, 303, 307, 308].contains(response.status), first.request.redirects > 0,
                request.request.method == .get || request.request.method == .head
            else { return response }
            // Headers may hold keys that are meant for this origin only.
            guard let origin = HTTPOrigin(target), origin == first.origin else {
                throw HTTPError(
                    .redirected,
                    "\(first.origin) answers with a redirect to \(HTTPOrigin(target)?.description ?? "an address that is not http"), which is not followed; configure the address that it leads to"
                )
            }
            guard left > 0 else {
                throw HTTPError(
                    .redirected, "\(first.origin) redirects more than \(first.request.redirects) times in a row")
            }
            left -= 1
            request.request.url = target
        }
    }

    private func take() throws(HTTPError) -> Transfer {
        if let idle = state.withLock({ $0.idle.popLast() }) { return idle }
        return try Transfer()
    }

    /// Not after an error: a connection in an unknown state is not used again.
    private func give(back transfer: Transfer) {
        transfer.clear()
        state.withLock { state in
            if !state.isClosed, !transfer.isStopped, state.idle.count < settings.mostIdle {
                state.idle.append(transfer)
            }
        }
    }

    static func cancelled(_ origin: HTTPOrigin) -> HTTPError {
        HTTPError(.cancelled, "the request to \(origin) was stopped")
    }
}
