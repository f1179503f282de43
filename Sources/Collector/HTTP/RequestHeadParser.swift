import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads heads of HTTP/1.1 and 1.0 (RFC 9112), strictly: what servers are known to read in different ways is refused, so that no
/// proxy before this one sees other requests than it does. Used again from head to head; nothing is allocated per head.
struct RequestHeadParser: ~Copyable {
    struct Limits: Sendable {
        /// Bytes of a head.
        var headBytes = 16 << 10
        /// Header fields of a head.
        var fields = 100
    }

    let limits: Limits
    // Of the head that was read last. Its own storage, as header fields keep a pointer to it.
    private let base: UnsafeMutablePointer<HeaderFields.Field>
    private var count = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
        base = .allocate(capacity: max(1, limits.fields))
    }

    deinit { base.deallocate() }

    /// Where the head that begins `bytes` ends: nil while it is not whole. `scanned`: how far it was looked at before.
    func end(of bytes: UnsafeRawBufferPointer, scanned: inout Int) throws(RequestProblem) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        // An empty line before a request is passed over (RFC 9112, section 2.2): the caller does that.
        while scanned < bytes.count {
            guard let hit = memchr(base + scanned, 0x0A, bytes.count - scanned) else {
                scanned = bytes.count
                break
            }
            let at = UnsafeRawPointer(hit) - base
            // First of all: so it is the same however the bytes come.
            if at + 1 > limits.headBytes { throw tooLarge }
            guard at > 0, bytes[at - 1] == 0x0D else {
                throw RequestProblem(status: 400, message: "a line of the head does not end with CR LF")
            }
            scanned = at + 1
            if at >= 3, bytes[at - 2] == 0x0A { return at + 1 }
        }
        if bytes.count > limits.headBytes { throw tooLarge }
        return nil
    }

    private var tooLarge: RequestProblem {
        RequestProblem(status: 431, message: "the head has more than \(limits.headBytes) bytes")
    }

    /// Reads a whole head, with its empty line. See ``fields(in:)``.
    mutating func read(_ head: UnsafeRawBufferPointer) throws(RequestProblem) -> RequestHead {
        count = 0
        var at = 0
        var result = try requestLine(head, &at)
        result.byteCount = head.count
        var framing = Framing()
        while head[at] != 0x0D { try field(head, &at, &framing) }
        // A lone CR would end the head for us and not for others.
        guard head.count - at == 2 else {
            throw RequestProblem(status: 400, message: "a header field holds a control character")
        }
        try framing.finish(&result, isLatest: isLatest)
        return result
    }

    /// The fields of the head that was read last, which `bytes` hold. Valid until the next head.
    func fields(in bytes: UnsafeRawBufferPointer) -> HeaderFields {
        HeaderFields(UnsafeBufferPointer(start: base, count: count), in: bytes)
    }

    /// Whether the head that was read last is of HTTP/1.1.
    private(set) var isLatest = true

    // MARK: Request line

    private mutating func requestLine(
        _ head: UnsafeRawBufferPointer, _ at: inout Int
    ) throws(RequestProblem) -> RequestHead {
        let malformed = RequestProblem(status: 400, message: "the request line is malformed")
        while Self.isToken(head[at]) { at += 1 }
        guard at > 0, head[at] == 0x20 else { throw malformed }
        let method = RequestMethod(UnsafeRawBufferPointer(rebasing: head[..<at]))
        at += 1
        let start = at
        var question: Int?
        while head[at] > 0x20, head[at] != 0x7F {
            if head[at] == UInt8(ascii: "?"), question == nil { question = at }
            at += 1
        }
        let end = at
        guard end > start, head[end] == 0x20 else { throw malformed }
        at += 1
        // The head ends with CR LF CR LF, so that there are bytes to look at; all of them must be right.
        guard head.count - at >= 10, Self.matches(head, at, "HTTP/1."), head[at + 8] == 0x0D, head[at + 9] == 0x0A,
            head[at + 7] == UInt8(ascii: "0") || head[at + 7] == UInt8(ascii: "1")
        else {
            throw RequestProblem(status: 400, message: "only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        isLatest = head[at + 7] == UInt8(ascii: "1")
        at += 10
        var path = start
        if head[start] != UInt8(ascii: "/") {
            path = try Self.pathOfAbsolute(head, start..<(question ?? end), method)
        }
        return RequestHead(
            method: method, path: ByteRange(from: path, to: question ?? end),
            query: question.map { ByteRange(from: $0 + 1, to: end) } ?? .none, byteCount: 0, keepsAlive: isLatest,
            body: .length(0), expectsContinue: false)
    }

    /// Of `http://host/path` where the path begins, which every server must take (RFC 9112, section 3.2.2); empty for `*`.
    private static func pathOfAbsolute(
        _ head: UnsafeRawBufferPointer, _ target: Range<Int>, _ method: RequestMethod
    ) throws(RequestProblem) -> Int {
        if target.count == 1, head[target.lowerBound] == UInt8(ascii: "*"), method == .options {
            return target.upperBound
        }
        for scheme: StaticString in ["http://", "https://"] where matches(head, target.lowerBound, scheme) {
            let host = target.lowerBound + scheme.utf8CodeUnitCount
            if host >= target.upperBound { break }
            return head[host..<target.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? target.upperBound
        }
        throw RequestProblem(status: 400, message: "the request's target does not begin with '/'")
    }

    // MARK: Fields

    private mutating func field(
        _ head: UnsafeRawBufferPointer, _ at: inout Int, _ framing: inout Framing
    ) throws(RequestProblem) {
        let start = at
        while Self.isToken(head[at]) { at += 1 }
        guard at > start, head[at] == UInt8(ascii: ":") else {
            throw RequestProblem(
                status: 400, message: "a header field is malformed: a name of letters, digits and '-', then ':'")
        }
        let name = ByteRange(from: start, to: at)
        at += 1
        while head[at] == 0x20 || head[at] == 0x09 { at += 1 }
        let value = at
        while head[at] >= 0x20 && head[at] != 0x7F || head[at] == 0x09 { at += 1 }
        // Each line of a whole head ends with CR LF: see `end(of:scanned:)`.
        guard head[at] == 0x0D, head[at + 1] == 0x0A else {
            throw RequestProblem(status: 400, message: "a header field holds a control character")
        }
        var end = at
        while end > value, head[end - 1] == 0x20 || head[end - 1] == 0x09 { end -= 1 }
        at += 2
        guard count < limits.fields else {
            throw RequestProblem(status: 431, message: "the head has more than \(limits.fields) header fields")
        }
        let field = HeaderFields.Field(name: name, value: ByteRange(from: value, to: end))
        (base + count).initialize(to: field)
        count += 1
        try framing.take(field, in: head)
    }

    static func matches(_ head: UnsafeRawBufferPointer, _ at: Int, _ text: StaticString) -> Bool {
        guard let base = head.baseAddress, head.count - at >= text.utf8CodeUnitCount else { return false }
        return memcmp(base + at, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// Characters of a token (RFC 9110, section 5.6.2), as bits.
    @inline(__always) static func isToken(_ byte: UInt8) -> Bool {
        byte < 64
            ? (0x03FF_6CFA_0000_0000 as UInt64) >> UInt64(byte) & 1 == 1
            : byte < 128 && (0x57FF_FFFF_C7FF_FFFE as UInt64) >> UInt64(byte - 64) & 1 == 1
    }
}
