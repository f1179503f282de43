import CoreIngest
import Glibc

/// Writes to a descriptor that is not ours alone (standard output): its mode is not changed, and no wait is endless.
struct DescriptorWriter {
    let descriptor: Int32
    /// For messages: `standard output`.
    let title: String
    /// How long one wait for the reader may last, in milliseconds.
    let timeLimit: Int32
    /// Bytes of one write. A pipe that poll calls writable takes at least PIPE_BUF (4096) of them without blocking, so
    /// that a blocking pipe with a reader that stands still does not hold the thread; a file takes all.
    private let chunk: Int

    init(descriptor: Int32, title: String, timeLimit: Int32) {
        self.descriptor = descriptor
        self.title = title
        self.timeLimit = timeLimit
        chunk = Self.isRegularFile(descriptor) ? .max : 4096
    }

    static func isRegularFile(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Writes all bytes, or answers how many were written and why not more.
    func write(_ bytes: UnsafeRawBufferPointer) -> (written: Int, failure: SinkFailure?) {
        var written = 0
        while written < bytes.count, let base = bytes.baseAddress {
            if chunk != .max, let failure = waitUntilWritable() { return (written, failure) }
            let answer = Glibc.write(descriptor, base + written, min(chunk, bytes.count - written))
            if answer > 0 {
                written += answer
            } else if answer == 0 {
                return (written, .system(EIO, "writing to \(title)"))
            } else if errno == EAGAIN {
                // Not writable after all: another writer was faster. A file is never in this state.
                if let failure = waitUntilWritable() { return (written, failure) }
            } else if errno != EINTR {
                return (written, .system(errno, "writing to \(title)"))
            }
        }
        return (written, nil)
    }

    private func waitUntilWritable() -> SinkFailure? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let answer = poll(&entry, 1, timeLimit)
            // Errors and hang-ups are told by the write that follows.
            if answer > 0 { return nil }
            if answer == 0 {
                return SinkFailure(
                    .unavailable,
                    "writing to \(title): its reader has taken nothing for \(timeLimit) ms; let it go on, the write is tried again"
                )
            }
            if errno != EINTR { return .system(errno, "waiting for \(title)") }
        }
    }
}
