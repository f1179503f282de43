import Glibc

/// One connection of a ``StubHTTPServer``: reads requests and writes answers until either side ends it.
struct StubHTTPConnection {
    let descriptor: Int32

    func serve(_ answer: (StubHTTPRequest) -> StubHTTPReply) {
        var buffer: [UInt8] = []
        while let request = next(&buffer) {
            switch answer(request) {
            case .answer(let status, let headers, let body):
                var head = "HTTP/1.1 \(status) \(status == 200 ? "OK" : "Status")\r\n"
                for (name, value) in headers { head += "\(name): \(value)\r\n" }
                // 204 and 304 have no body: RFC 9110 section 8.6.
                if status != 204, status != 304 { head += "Content-Length: \(body.count)\r\n" }
                let isHead = request.method == "HEAD"
                guard send(Array((head + "\r\n").utf8) + (isHead || status == 304 ? [] : body)) else { return }
            case .raw(let bytes):
                _ = send(bytes)
                return
            case .close: return
            case .silence:
                while receive(&buffer) {}
                return
            case .drip(let bytes, let pause):
                guard send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(bytes.count)\r\n\r\n".utf8)) else { return }
                for byte in bytes {
                    usleep(UInt32(pause) * 1000)
                    guard send([byte]) else { return }
                }
            }
        }
    }

    private func next(_ buffer: inout [UInt8]) -> StubHTTPRequest? {
        var scanned = 0
        while true {
            if let end = headEnd(buffer, from: scanned) {
                let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
                let first = (lines.first ?? "").split(separator: " ")
                guard first.count == 3 else { return nil }
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    guard let colon = line.firstIndex(of: ":") else { continue }
                    headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
                }
                let length = headers["content-length"].flatMap { Int($0) } ?? 0
                while buffer.count < end + 4 + length { guard receive(&buffer) else { return nil } }
                let body = Array(buffer[(end + 4)..<(end + 4 + length)])
                buffer.removeFirst(end + 4 + length)
                return StubHTTPRequest(
                    method: String(first[0]), target: String(first[1]), headers: headers, body: body)
            }
            scanned = max(0, buffer.count - 3)
            guard receive(&buffer) else { return nil }
        }
    }

    private func headEnd(_ buffer: [UInt8], from start: Int) -> Int? {
        guard buffer.count >= 4 else { return nil }
        return (start...(buffer.count - 4)).first { buffer[$0...].starts(with: [13, 10, 13, 10]) }
    }

    private func receive(_ buffer: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            buffer += chunk[..<count]
            return true
        }
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
