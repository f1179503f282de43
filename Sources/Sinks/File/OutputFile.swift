import CoreIngest
import Glibc

/// One file, opened for appending. Never holds a half line or member for longer than a failing disk forces it to: what
/// does not fit is cut back, before anything else is written.
final class OutputFile {
    let name: OutputFileName
    /// For messages.
    let path: String
    private let descriptor: Int32
    private let calls: FileCalls
    /// Bytes of whole lines or members.
    private(set) var size: Int
    /// Bytes that a failing disk does not take back: those that were flushed, or stood there when the file was opened.
    private(set) var durableSize: Int
    private var needsSynchronizing = true
    /// Bytes past `size` may stand in the file: a write failed half-way, and cutting it back failed too.
    private var isTorn = false
    /// Why lines that were taken may be gone: every later call fails by it, until the file is opened anew.
    private var loss: SinkFailure?

    /// Opens a file with the size that its whole lines have; nil means a new file, whose permissions become `mode`.
    init(
        _ name: OutputFileName, text: String, in directory: OutputDirectory, wholeSize: Int?, mode: UInt32,
        calls: FileCalls
    ) throws(SinkFailure) {
        self.name = name
        self.calls = calls
        path = "\(directory.path)/\(text)"
        let flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (wholeSize == nil ? O_CREAT | O_EXCL : 0)
        size = wholeSize ?? 0
        durableSize = size
        descriptor = openat(directory.descriptor, text, flags, mode)
        if descriptor < 0 { throw .system(errno, "opening \(path)", reopen: true) }
        if wholeSize == nil {
            directory.noteNewEntry()
            if fchmod(descriptor, mode) != 0 {
                let error = errno
                // Nothing is in it yet: without it the next attempt can create it again.
                unlinkat(directory.descriptor, text, 0)
                throw .system(error, "setting the permissions of \(path)", reopen: true)
            }
        }
    }

    deinit { Glibc.close(descriptor) }

    /// Appends all pieces, or answers how many bytes of them stand, whole, in the file.
    ///
    /// `whole`: of so many bytes written, how many end in a whole line (or 0, where only all of it counts).
    func append(_ pieces: [UnsafeRawBufferPointer], whole: (Int) -> Int) throws(HalfWritten) {
        if let loss { throw HalfWritten(written: 0, failure: loss) }
        do { try mend() } catch { throw HalfWritten(written: 0, failure: error) }
        needsSynchronizing = true
        let (written, error) = appendVector(pieces)
        if error == 0 {
            size += written
            return
        }
        let kept = whole(written)
        size += kept
        isTorn = written > kept
        // The disk may be so broken that it cannot even be cut: then the next call tries first.
        try? mend()
        throw HalfWritten(written: kept, failure: .system(error, "writing \(path)"))
    }

    /// What an append that failed left behind.
    struct HalfWritten: Error {
        /// Bytes of whole lines that were taken.
        var written: Int
        var failure: SinkFailure
    }

    /// Returns when all bytes are on disk. After a failure the kernel may have dropped what it could not write and say
    /// yes the next time, so the file is cut back to what was durable before, and the failure asks for reopening.
    func synchronize() throws(SinkFailure) {
        if let loss { throw loss }
        try mend()
        if needsSynchronizing {
            if calls.synchronize(descriptor) != 0 {
                let failure = SinkFailure.system(errno, "making \(path) durable", reopen: true)
                loss = failure
                takeBack()
                throw failure
            }
            durableSize = size
            needsSynchronizing = false
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_nlink == 0 {
            throw SinkFailure(
                .unavailable,
                "\(path) was removed while it was written; its last lines are written again to a new file",
                reopen: true)
        }
    }

    /// Cuts the file back to what was durable, now or as soon as the disk lets it.
    func takeBack() {
        guard size > durableSize else { return }
        size = durableSize
        isTorn = true
        try? mend()
    }

    /// Cuts the file back to its whole lines.
    func mend() throws(SinkFailure) {
        guard isTorn else { return }
        while calls.truncate(descriptor, size) != 0 {
            if errno != EINTR { throw .system(errno, "cutting back a half line at the end of \(path)") }
        }
        isTorn = false
    }

    /// Writes all pieces; answers how many bytes were written, and the error that stopped it, or 0.
    private func appendVector(_ pieces: [UnsafeRawBufferPointer]) -> (written: Int, error: Int32) {
        var vector = pieces.filter { !$0.isEmpty }.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        var written = 0
        var first = 0
        while first < vector.count {
            // 1024: IOV_MAX on Linux.
            let count = min(1024, vector.count - first)
            let answer = vector[first..<first + count].withUnsafeBufferPointer {
                calls.write(descriptor, $0.baseAddress, Int32(count))
            }
            if answer < 0 {
                if errno == EINTR { continue }
                return (written, errno)
            }
            if answer == 0 { return (written, EIO) }
            written += answer
            var rest = answer
            while first < vector.count, rest >= vector[first].iov_len {
                rest -= vector[first].iov_len
                first += 1
            }
            if rest > 0 {
                vector[first].iov_base += rest
                vector[first].iov_len -= rest
            }
        }
        return (written, 0)
    }
}
