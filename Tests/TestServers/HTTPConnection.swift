import Glibc

/// A connection to a loopback port that posts bodies of JSON, one after the other.
package final class HTTPConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Nil when nobody listens.
    package init?(port: Int, seconds: Int = 20) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if !connected { return nil }
    }

    deinit { close(descriptor) }

    /// Whether the other side closes, without having sent anything.
    package func isClosed() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) == 0
    }

    /// The answer; nil when the connection breaks before it is whole.
    package func post(_ body: String, to path: String = "/self-describing") -> (
        status: Int, head: String, body: String
    )? {
        var request =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let isSent = request.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = send(
                    descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
                if count <= 0 { return false }
                done += count
            }
            return true
        }
        guard isSent else { return nil }
        while true {
            if let answer = takeAnswer() { return answer }
            var bytes = [UInt8](repeating: 0, count: 16_384)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count <= 0 { return nil }
            buffer += bytes[..<count]
        }
    }

    private func takeAnswer() -> (status: Int, head: String, body: String)? {
        guard let end = (0..<max(0, buffer.count - 3)).first(where: { buffer[$0...].starts(with: [13, 10, 13, 10]) })
        else {
            return nil
        }
        let head = String(decoding: buffer[..<end], as: UTF8.self)
        let length =
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        guard buffer.count >= end + 4 + length else { return nil }
        let body = String(decoding: buffer[(end + 4)..<(end + 4 + length)], as: UTF8.self)
        buffer.removeFirst(end + 4 + length)
        return (Int(head.dropFirst(9).prefix(3)) ?? 0, head, body)
    }
}
