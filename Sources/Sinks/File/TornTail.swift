import CoreIngest
import Glibc

/// Cuts the newest file of an output back to its last whole line or member, after a crash.
///
/// Whole lines stay, also those that were written after the last flush: a reader may have seen them. A line that holds
/// a zero byte, which no JSON has, is a hole that a power failure left: it is cut too, with all that follows it.
struct TornTail {
    /// Bytes of the file that are whole; the file is that long afterwards.
    let wholeSize: Int
    /// Bytes that were cut off.
    let cut: Int

    /// `trusted`: bytes at the beginning that are known to be whole, and are not read.
    init(
        mending text: String, in directory: OutputDirectory, _ compression: OutputCompression, trusted: Int
    ) throws(SinkFailure) {
        let path = "\(directory.path)/\(text)"
        let descriptor = openat(directory.descriptor, text, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0 { throw .system(errno, "opening \(path)", reopen: true) }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno, "looking at \(path)", reopen: true) }
        let size = Int(status.st_size)
        let whole: Int
        do {
            let start = min(trusted, size)
            if let verifier = try compression.makeVerifier() {
                try Self.read(descriptor, path, from: start) { verifier.take($0) }
                whole = start + verifier.wholeBytes
            } else {
                whole = try Self.endOfLastLine(descriptor, path, from: start)
            }
        } catch let failure as CompressionFailure {
            throw SinkFailure(.other, "reading \(path): \(failure.message)", reopen: true)
        } catch let failure as SinkFailure {
            throw failure
        } catch {
            throw SinkFailure(.other, "reading \(path): \(error)", reopen: true)
        }
        if whole < size, ftruncate(descriptor, whole) != 0 {
            throw .system(errno, "cutting back a half line at the end of \(path)", reopen: true)
        }
        wholeSize = whole
        cut = size - whole
    }

    private static func endOfLastLine(_ descriptor: Int32, _ path: String, from start: Int) throws -> Int {
        var end = start
        var offset = start
        try read(descriptor, path, from: start) { bytes in
            guard let base = bytes.baseAddress else { return false }
            let hole = memchr(base, 0, bytes.count)
            let sound = hole.map { UnsafeRawPointer($0) - base } ?? bytes.count
            if let newline = bytes[..<sound].lastIndex(of: 0x0A) { end = offset + newline + 1 }
            offset += bytes.count
            return hole == nil
        }
        return end
    }

    /// Reads to the file's end, or until `take` has seen enough.
    private static func read(
        _ descriptor: Int32, _ path: String, from start: Int, _ take: (UnsafeRawBufferPointer) -> Bool
    ) throws(SinkFailure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = start
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(errno, "reading \(path)", reopen: true)
            }
            if count == 0 { return }
            offset += count
            guard take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
        }
    }
}
