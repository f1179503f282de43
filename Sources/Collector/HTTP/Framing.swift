import CoreIngest

/// Gathers from the header fields how long the body is and whether the connection stays (RFC 9112, sections 6 and 9.3).
struct Framing {
    private var length: Int?
    private var isChunked = false
    private var hosts = 0
    private var closes = false
    private var keepsAlive = false
    private var expectsContinue = false

    mutating func take(_ field: HeaderFields.Field, in head: UnsafeRawBufferPointer) throws(RequestProblem) {
        switch field.name.count {
        case 4 where Self.isNamed(field, "host", head): hosts += 1
        case 6 where Self.isNamed(field, "expect", head):
            guard Self.hasValue(field, "100-continue", head) else {
                throw RequestProblem(status: 417, message: "the only expectation that is met is 100-continue")
            }
            expectsContinue = true
        case 10 where Self.isNamed(field, "connection", head): takeConnection(Self.value(field, head))
        case 14 where Self.isNamed(field, "content-length", head):
            guard length == nil, let read = Self.digits(Self.value(field, head)) else {
                throw RequestProblem(status: 400, message: "Content-Length must be one number")
            }
            length = read
        case 17 where Self.isNamed(field, "transfer-encoding", head):
            guard !isChunked, Self.hasValue(field, "chunked", head) else {
                throw RequestProblem(status: 400, message: "the only transfer encoding that is taken is chunked, once")
            }
            isChunked = true
        default: break
        }
    }

    private mutating func takeConnection(_ value: UnsafeRawBufferPointer) {
        for option in value.split(separator: UInt8(ascii: ",")) {
            let trimmed = UnsafeRawBufferPointer(rebasing: option).trimmed
            if trimmed.isText("close") { closes = true }
            if trimmed.isText("keep-alive") { keepsAlive = true }
        }
    }

    func finish(_ head: inout RequestHead, isLatest: Bool) throws(RequestProblem) {
        if isChunked, length != nil {
            throw RequestProblem(status: 400, message: "Content-Length and Transfer-Encoding exclude each other")
        }
        if isChunked, !isLatest {
            throw RequestProblem(status: 400, message: "HTTP/1.0 knows no transfer encoding")
        }
        if hosts > 1 || hosts == 0 && isLatest {
            throw RequestProblem(status: 400, message: "HTTP/1.1 asks for exactly one Host")
        }
        head.body = isChunked ? .chunked : .length(length ?? 0)
        head.keepsAlive = !closes && (isLatest || keepsAlive)
        head.expectsContinue = expectsContinue && isLatest
    }

    /// Digits alone, at most fifteen.
    private static func digits(_ text: UnsafeRawBufferPointer) -> Int? {
        guard (1...15).contains(text.count) else { return nil }
        var value = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private static func isNamed(
        _ field: HeaderFields.Field, _ name: StaticString, _ head: UnsafeRawBufferPointer
    ) -> Bool {
        slice(field.name, head).isText(name)
    }

    private static func hasValue(
        _ field: HeaderFields.Field, _ text: StaticString, _ head: UnsafeRawBufferPointer
    ) -> Bool {
        slice(field.value, head).isText(text)
    }

    private static func value(_ field: HeaderFields.Field, _ head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        slice(field.value, head)
    }

    private static func slice(_ range: ByteRange, _ head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: head[Int(range.offset)..<Int(range.offset) + Int(range.count)])
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are a text of lower case, but for the case of ASCII letters.
    package func isText(_ lowercase: StaticString) -> Bool {
        let wanted = UnsafeRawBufferPointer(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount)
        return count == wanted.count && HeaderFields.isSame(self, lowercase: wanted)
    }

    /// Without spaces and tabs at both ends.
    package var trimmed: UnsafeRawBufferPointer {
        var range = startIndex..<endIndex
        while range.lowerBound < range.upperBound, self[range.lowerBound] == 0x20 || self[range.lowerBound] == 0x09 {
            range = range.lowerBound + 1..<range.upperBound
        }
        while range.lowerBound < range.upperBound,
            self[range.upperBound - 1] == 0x20 || self[range.upperBound - 1] == 0x09
        {
            range = range.lowerBound..<range.upperBound - 1
        }
        return UnsafeRawBufferPointer(rebasing: self[range])
    }
}
