#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads lines from a file descriptor through one large buffer, without copying them.
struct LineReader: ~Copyable {
    enum Line {
        /// Without its newline, and without a carriage return before it. Valid until the next call.
        case text(UnsafeRawBufferPointer)
        /// More than the bound: it was skipped.
        case tooLong
    }

    private let descriptor: Int32
    private let mostBytes: Int
    private var buffer: UnsafeMutableRawBufferPointer
    /// What was read and not handed out is between them.
    private var start = 0
    private var end = 0
    private var isAtEnd = false

    /// The descriptor stays the caller's. `mostBytes`: of one line.
    init(_ descriptor: Int32, mostBytes: Int, bufferBytes: Int = 1 << 20) {
        self.descriptor = descriptor
        self.mostBytes = mostBytes
        buffer = .allocate(byteCount: bufferBytes, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// The next line; nil at the end. Throws the `errno` of a read that failed.
    mutating func next() throws(Errno) -> Line? {
        var searched = start
        while true {
            if let newline = find(from: searched) {
                let line = self.line(to: newline)
                start = newline + 1
                return line
            }
            if isAtEnd {
                if start == end { return nil }
                let line = self.line(to: end)
                start = end
                return line
            }
            if end - start > mostBytes {
                start = end
                return try skipLine()
            }
            searched = end - start
            try fill()
            searched += start
        }
    }

    private func line(to end: Int) -> Line {
        var end = end
        if end > start, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return end - start > mostBytes ? .tooLong : .text(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
    }

    private func find(from index: Int) -> Int? {
        guard let base = buffer.baseAddress, index < end,
            let found = memchr(base + index, Int32(UInt8(ascii: "\n")), end - index)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    private mutating func skipLine() throws(Errno) -> Line? {
        while !isAtEnd {
            try fill()
            if let newline = find(from: start) {
                start = newline + 1
                break
            }
            start = end
        }
        return .tooLong
    }

    /// Reads more behind what is there, which moves to the beginning of the buffer.
    private mutating func fill() throws(Errno) {
        if start > 0 {
            if end > start, let base = buffer.baseAddress { memmove(base, base + start, end - start) }
            end -= start
            start = 0
        }
        if end == buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
            buffer.deallocate()
            buffer = larger
        }
        while true {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, room.baseAddress, room.count)
            #else
                let count = Musl.read(descriptor, room.baseAddress, room.count)
            #endif
            if count >= 0 {
                end += count
                isAtEnd = count == 0
                return
            }
            if errno != EINTR { throw Errno(code: errno) }
        }
    }

    /// Why a read failed.
    struct Errno: Error {
        let code: Int32
        var text: String { String(cString: strerror(code)) }
    }
}
