import Glibc

/// An HTTP/1.1 server on a loopback port whose answers a test writes: right ones, slow ones, broken ones.
///
/// A thread for each connection. Bodies come by `Content-Length`. Ends with ``stop()`` or its last reference.
package final class StubHTTPServer: @unchecked Sendable {
    // Safe to share: every mutable field is only touched under `lock`.
    package let port: Int
    private let handler: @Sendable (StubHTTPRequest) -> StubHTTPReply
    private let lock = Lock()
    private var listener: Int32
    private var open: Set<Int32> = []
    private var isStopped = false
    private var acceptor: pthread_t?
    private var seen: [StubHTTPRequest] = []
    private var connectionCount = 0

    /// `port` 0: any free one.
    package init(port: Int = 0, _ handler: @escaping @Sendable (StubHTTPRequest) -> StubHTTPReply) throws {
        self.handler = handler
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw ChildProcess.Failure(description: "cannot listen on 127.0.0.1:\(port)") }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        acceptor = Self.thread { [weak self] in Self.accept(descriptor) { self?.begin($0) ?? false } }
    }

    deinit { stop() }

    package var url: String { "http://127.0.0.1:\(port)" }
    /// All that was asked, in the order of arrival.
    package var requests: [StubHTTPRequest] { lock.withLock { seen } }
    /// Connections taken since the start.
    package var connections: Int { lock.withLock { connectionCount } }

    /// Closes everything; later connections are refused.
    package func stop() {
        let thread = lock.withLock { () -> pthread_t? in
            if isStopped { return nil }
            isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return acceptor
        }
        guard let thread else { return }
        pthread_join(thread, nil)
        close(listener)
    }

    private static func accept(_ listener: Int32, _ begin: (Int32) -> Bool) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            if !begin(descriptor) { close(descriptor) }
        }
    }

    private func begin(_ descriptor: Int32) -> Bool {
        let taken = lock.withLock {
            if isStopped { return false }
            connectionCount += 1
            open.insert(descriptor)
            return true
        }
        guard taken else { return false }
        let thread = Self.thread { [self] in
            StubHTTPConnection(descriptor: descriptor).serve { request in
                lock.withLock { seen.append(request) }
                return handler(request)
            }
            lock.withLock { _ = open.remove(descriptor) }
            close(descriptor)
        }
        if let thread { pthread_detach(thread) }
        return thread != nil
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    private static func thread(_ run: @escaping () -> Void) -> pthread_t? {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let made = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        if made == 0 { return thread }
        body.release()
        return nil
    }
}

/// What was asked.
package struct StubHTTPRequest: Sendable {
    package var method: String
    /// Path and query as they came.
    package var target: String
    /// By lower-case name; the last one of a name.
    package var headers: [String: String]
    package var body: [UInt8]

    package var path: String { String(target.prefix { $0 != "?" }) }
    /// Not decoded.
    package var query: [String: String] {
        var out: [String: String] = [:]
        for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            out[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return out
    }
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a test answers.
package enum StubHTTPReply: Sendable {
    case answer(Int, headers: [String: String] = [:], body: [UInt8] = [])
    /// These bytes, then the end of the connection.
    case raw([UInt8])
    /// Nothing, until the client goes or the server stops.
    case silence
    /// The end of the connection.
    case close
    /// An answer of which every byte comes after a pause.
    case drip([UInt8], pauseMilliseconds: Int)

    package static func text(_ status: Int, _ text: String, _ headers: [String: String] = [:]) -> Self {
        .answer(status, headers: headers, body: Array(text.utf8))
    }

    package static func json(_ status: Int, _ text: String) -> Self {
        .text(status, text, ["Content-Type": "application/json"])
    }
}
