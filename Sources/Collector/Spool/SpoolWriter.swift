import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes frames at the end of the spool's last file, on the writer's thread.
struct SpoolWriter: ~Copyable {
    private let directory: String
    private let segmentBytes: Int
    private let spares: SpoolSpares
    private var descriptor: Int32 = -1
    /// The file is one that is written over, and longer than what counts of it.
    private var isReused = false
    /// Where the next file begins.
    private var next: UInt64
    /// The file that is written to; nil before the first.
    private(set) var segment: Spool.Segment?
    /// Something was written and not synced.
    private(set) var isSyncDue = false

    /// `iovec`s of one call: two for each chunk, within IOV_MAX.
    private static let mostChunks = 500

    init(directory: String, next: UInt64, segmentBytes: Int, spares: SpoolSpares) {
        self.directory = directory
        self.spares = spares
        self.next = next
        self.segmentBytes = segmentBytes
    }

    deinit { if descriptor >= 0 { Self.closeFile(descriptor) } }

    /// The first chunks of some, as many as go into one call.
    func group(_ entries: ArraySlice<Spool.Entry>) -> ArraySlice<Spool.Entry> {
        var bytes = 0
        var count = 0
        for entry in entries.prefix(Self.mostChunks) {
            count += 1
            bytes += entry.chunk.byteCount
            if bytes >= segmentBytes { break }
        }
        return entries.prefix(count)
    }

    /// Writes chunks, each as one frame, and answers the offset at which each ends. After an error none of them counts.
    mutating func write(_ group: ArraySlice<Spool.Entry>, sync: Bool) throws(StateError) -> [UInt64] {
        let file = try openSegment()
        let path = SpoolSegment.path(directory, file.start)
        var headers: [[UInt8]] = []
        var ends: [UInt64] = []
        var end = file.end
        for entry in group {
            headers.append(SpoolSegment.frameHeader(entry.chunk.bytes, count: entry.chunk.events, at: end))
            end += UInt64(SpoolSegment.frameHeaderBytes + entry.chunk.byteCount)
            ends.append(end)
        }
        do throws(StateError) {
            try Self.writeAll(headers, group, to: descriptor, at: file.size, path: path)
            if sync { try FileSystem.sync(descriptor, path: path) } else { isSyncDue = true }
        } catch {
            // Whatever was written lies past the end that counts. A file whose sync failed is not trusted any more.
            _ = ftruncate(descriptor, off_t(file.size))
            if error.code != .diskFull { close() }
            throw error
        }
        segment?.size = Int(end - file.start)
        return ends
    }

    private mutating func openSegment() throws(StateError) -> Spool.Segment {
        if let segment, descriptor >= 0, segment.size < segmentBytes { return segment }
        close()
        // A file that was closed for an error ends where it counts.
        if let segment { next = segment.end }
        let path = SpoolSegment.path(directory, next)
        isReused = spares.take(as: path)
        let opened = try FileSystem.open(path, isReused ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC)
        do throws(StateError) {
            var header = ByteArena(capacity: 64)
            header.append(SpoolSegment.header)
            try FileSystem.write(header.bytes, to: opened, at: 0, path: path)
            try FileSystem.syncDirectory(directory)
        } catch {
            Self.closeFile(opened)
            unlink(path)
            throw error
        }
        descriptor = opened
        let fresh = Spool.Segment(start: next, size: SpoolSegment.headerBytes)
        segment = fresh
        return fresh
    }

    /// Syncs what was written and is not synced. Answers what went wrong.
    mutating func sync() -> StateError? {
        guard isSyncDue, descriptor >= 0 else { return nil }
        isSyncDue = false
        do throws(StateError) {
            try FileSystem.sync(descriptor, path: SpoolSegment.path(directory, segment?.start ?? next))
            return nil
        } catch {
            return error
        }
    }

    /// Closes the file; the next write begins another.
    mutating func close() {
        guard descriptor >= 0 else { return }
        if isReused, let segment {
            _ = ftruncate(descriptor, off_t(segment.size))
            isSyncDue = true
        }
        _ = sync()
        Self.closeFile(descriptor)
        descriptor = -1
    }

    private static func closeFile(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Musl.close(descriptor)
        #endif
    }

    private static func writeAll(
        _ headers: [[UInt8]], _ group: ArraySlice<Spool.Entry>, to descriptor: Int32, at offset: Int, path: String
    ) throws(StateError) {
        // One array for all headers, so that their addresses hold for the call.
        let joined = headers.flatMap { $0 }
        var failure: Int32 = 0
        joined.withUnsafeBytes { headerBytes in
            var parts: [iovec] = []
            parts.reserveCapacity(group.count * 2)
            for (index, entry) in group.enumerated() {
                let header = UnsafeRawBufferPointer(
                    rebasing: headerBytes[
                        index * SpoolSegment.frameHeaderBytes..<(index + 1) * SpoolSegment.frameHeaderBytes])
                for bytes in [header, entry.chunk.bytes] {
                    parts.append(
                        iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
                }
            }
            var first = 0
            var at = offset
            while first < parts.count {
                let count = parts.withUnsafeBufferPointer { parts in
                    pwritev(descriptor, parts.baseAddress.map { $0 + first }, Int32(parts.count - first), off_t(at))
                }
                if count < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    return
                }
                at += count
                var left = count
                while first < parts.count, left >= parts[first].iov_len {
                    left -= parts[first].iov_len
                    first += 1
                }
                if first < parts.count, left > 0 {
                    parts[first].iov_base = parts[first].iov_base.map { $0 + left }
                    parts[first].iov_len -= left
                }
            }
        }
        if failure != 0 { throw FileSystem.error(failure, "write", path) }
    }
}
