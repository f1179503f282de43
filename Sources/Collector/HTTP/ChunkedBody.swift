import CoreIngest

/// Takes a chunked body apart (RFC 9112, section 7.1), however the bytes arrive. Extensions and trailers are passed over.
struct ChunkedBody: ~Copyable {
    private enum State {
        case size(value: Int, digits: Int)
        case extension_(size: Int)
        case sizeEnd(size: Int)
        case data(left: Int)
        case dataEnd
        case dataLineEnd
        case trailer(isLineEmpty: Bool)
        case trailerEnd(isLineEmpty: Bool)
        case done
    }

    /// What came so far.
    private(set) var body = ByteArena(capacity: 4096)
    private var state = State.size(value: 0, digits: 0)
    /// Bytes of size lines and trailers since the last data.
    private var overhead = 0
    private let mostBytes: Int
    private static let mostOverhead = 8 << 10

    /// `mostBytes`: of the whole body.
    init(mostBytes: Int) { self.mostBytes = mostBytes }

    var isDone: Bool { if case .done = state { true } else { false } }

    /// Takes bytes, and answers how many: all, or those up to the end of the body.
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(RequestProblem) -> Int {
        var at = 0
        while at < bytes.count {
            if case .done = state { break }
            if case .data(let left) = state {
                let count = min(left, bytes.count - at)
                body.append(UnsafeRawBufferPointer(rebasing: bytes[at..<at + count]))
                at += count
                overhead = 0
                state = count == left ? .dataEnd : .data(left: left - count)
                continue
            }
            try step(bytes[at])
            at += 1
        }
        return at
    }

    private mutating func step(_ byte: UInt8) throws(RequestProblem) {
        overhead += 1
        if overhead > Self.mostOverhead {
            throw RequestProblem(status: 431, message: "a chunk's extension or the trailer is too long")
        }
        switch state {
        case .size(let value, let digits):
            if let nibble = PercentText.nibble(byte), digits < 8 {
                state = .size(value: value << 4 | Int(nibble), digits: digits + 1)
            } else if digits > 0, byte == 0x0D {
                state = .sizeEnd(size: value)
            } else if digits > 0, byte == UInt8(ascii: ";") || byte == 0x20 || byte == 0x09 {
                state = .extension_(size: value)
            } else {
                throw malformed
            }
        case .extension_(let size):
            if byte == 0x0D { state = .sizeEnd(size: size) } else if byte < 0x20 && byte != 0x09 { throw malformed }
        case .sizeEnd(let size):
            guard byte == 0x0A else { throw malformed }
            guard size <= mostBytes - body.count else {
                throw RequestProblem(status: 413, message: "the body has more than \(mostBytes) bytes")
            }
            state = size == 0 ? .trailer(isLineEmpty: true) : .data(left: size)
        case .dataEnd:
            guard byte == 0x0D else { throw malformed }
            state = .dataLineEnd
        case .dataLineEnd:
            guard byte == 0x0A else { throw malformed }
            state = .size(value: 0, digits: 0)
        case .trailer(let isEmpty):
            if byte == 0x0D {
                state = .trailerEnd(isLineEmpty: isEmpty)
            } else if byte == 0x0A {
                throw malformed
            } else {
                state = .trailer(isLineEmpty: false)
            }
        case .trailerEnd(let isEmpty):
            guard byte == 0x0A else { throw malformed }
            state = isEmpty ? .done : .trailer(isLineEmpty: true)
        case .data, .done: break
        }
    }

    private var malformed: RequestProblem { RequestProblem(status: 400, message: "the chunked body is malformed") }
}
