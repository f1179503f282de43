#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Asks a running instance's operations server, with a blocking socket: for commands, which have nothing else to do.
struct OperationsClient {
    var host: String
    var port: Int
    var token: String?
    /// Limit of connecting, and of each wait for bytes.
    var timeoutSeconds = 5

    struct Answer {
        var status: Int
        var body: [UInt8]
    }

    /// Why there is no answer, in one line.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    func send(_ method: String = "GET", _ target: String) throws(Failure) -> Answer {
        let descriptor = try connected()
        defer { close(descriptor) }
        var request = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        if method != "GET" { request += "Content-Length: 0\r\n" }
        if let token { request += "Authorization: Bearer \(token)\r\n" }
        try write(request + "\r\n", to: descriptor)
        return try parse(readAll(descriptor))
    }

    private var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private func connected() throws(Failure) -> Int32 {
        // A wildcard is where the server listens, not where it can be reached.
        let reachable = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let resolved = getaddrinfo(reachable, "\(port)", &hints, &list)
        guard resolved == 0 else {
            throw Failure(description: "cannot resolve \(reachable): \(String(cString: gai_strerror(resolved)))")
        }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            let descriptor = socket(entry.pointee.ai_family, entry.pointee.ai_socktype, entry.pointee.ai_protocol)
            guard descriptor >= 0 else { continue }
            var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
            if connect(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 { return descriptor }
            reason = String(cString: strerror(errno))
            close(descriptor)
        }
        throw Failure(description: "nothing answers at \(address): \(reason)")
    }

    private func write(_ text: String, to descriptor: Int32) throws(Failure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { transmit(descriptor, $0) }
            guard count > 0 else {
                throw Failure(description: "\(address) took no request: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }

    private func transmit(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            Musl.send(descriptor, bytes.baseAddress, bytes.count, MSG_NOSIGNAL)
        #endif
    }

    private func readAll(_ descriptor: Int32) throws(Failure) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while all.count < 64 << 20 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return all }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(description: "\(address) sent no answer within \(timeoutSeconds) s")
            }
            all.append(contentsOf: buffer[..<count])
        }
        throw Failure(description: "\(address) sent more than 64 MiB")
    }

    /// The status and what follows the head; the server closes after each answer, so the body ends with the connection.
    private func parse(_ bytes: [UInt8]) throws(Failure) -> Answer {
        let marker: [UInt8] = [13, 10, 13, 10]
        var end = 0
        while end + 4 <= bytes.count, !bytes[end..<end + 4].elementsEqual(marker) { end += 1 }
        let head = String(decoding: bytes[..<min(end, bytes.count)], as: UTF8.self)
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard end + 4 <= bytes.count, words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Failure(description: "\(address) does not speak HTTP: is it another program's port?")
        }
        return Answer(status: status, body: Array(bytes[(end + 4)...]))
    }
}
