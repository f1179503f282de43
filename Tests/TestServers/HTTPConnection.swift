import Glibc

/// A blocking connection to a loopback port, which sends any bytes, and reads answers of HTTP.
///
/// Unchecked: one task may send while another reads; the buffer belongs to the reader.
package final class HTTPConnection: @unchecked Sendable {
    package struct Answer: Equatable {
        package var status: Int
        /// Names in lower case, in order.
        package var headers: [[String]]
        package var body: String

        package func header(_ name: String) -> String? { headers.first { $0[0] == name }?[1] }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Nil when nobody listens. `seconds`: limit of each wait.
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
        guard connected else { return nil }
    }

    deinit { close(descriptor) }

    /// False when the other side has closed.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            done += count
        }
        return true
    }

    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Says that nothing more is sent.
    package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next answer; nil when the connection ends before it is whole.
    package func answer(hasBody: Bool = true) -> Answer? {
        while true {
            if let end = headEnd {
                let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
                let headers = lines.dropFirst().map { line -> [String] in
                    let colon = line.firstIndex(of: ":") ?? line.endIndex
                    return [
                        line[..<colon].lowercased(), String(line[colon...].dropFirst().drop { $0 == " " }),
                    ]
                }
                let length = hasBody ? Int(headers.first { $0[0] == "content-length" }?[1] ?? "0") ?? 0 : 0
                if buffer.count >= end + 4 + length {
                    let body = String(decoding: buffer[(end + 4)..<(end + 4 + length)], as: UTF8.self)
                    buffer.removeFirst(end + 4 + length)
                    return Answer(status: Int(lines[0].dropFirst(9).prefix(3)) ?? 0, headers: headers, body: body)
                }
            }
            guard receive() else { return nil }
        }
    }

    /// Posts JSON, and answers what comes back; nil when the connection breaks before it is whole.
    package func post(_ body: String, to path: String = "/self-describing") -> Answer? {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)"
        return send("\(head)\r\n\r\n\(body)") ? answer() : nil
    }

    private var headEnd: Int? {
        guard buffer.count >= 4 else { return nil }
        for index in 0...(buffer.count - 4)
        where buffer[index] == 13 && buffer[index + 1] == 10 && buffer[index + 2] == 13 && buffer[index + 3] == 10 {
            return index
        }
        return nil
    }

    private func receive() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return false }
        buffer += bytes[..<count]
        return true
    }

    /// Whether the other side closes, without sending anything more.
    package func isClosed() -> Bool {
        var byte: UInt8 = 0
        return buffer.isEmpty && recv(descriptor, &byte, 1, 0) == 0
    }
}
