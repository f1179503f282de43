import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes to the terminal: results on stdout, complaints on stderr. Unbuffered, whole lines.
enum Output {
    /// One line on stdout.
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// One line on stderr, after the program's name.
    static func complain(_ text: String) { write("buz-cdc: \(text)\n", to: STDERR_FILENO) }

    /// Bytes on stdout, as they are.
    static func bytes(_ bytes: UnsafeRawBufferPointer) { writeAll(bytes, to: STDOUT_FILENO) }

    /// Whether a person watches stdout.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes the whole text; what cannot be written because the reader is gone is dropped.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, base, rest.count)
            #else
                let count = Musl.write(descriptor, base, rest.count)
            #endif
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                waitUntilWritable(descriptor)
            } else if errno != EINTR {
                return
            }
        }
    }

    private static func waitUntilWritable(_ descriptor: Int32) {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&waiting, 1, 1000)
    }
}
