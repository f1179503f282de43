import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What is found in the spool's folder at the start.
struct SpoolRecovery {
    /// Files that hold something that is not acknowledged, ascending.
    var segments: [Spool.Segment] = []
    /// Where the next file begins.
    var next = firstOffset
    /// When the first of them was written last; microseconds since the Unix epoch.
    var oldest: Int64 = 0
    /// What was cut off or set aside, for the log.
    var damages: [String] = []

    /// Not zero: a position of zero means "before every event".
    private static let firstOffset: UInt64 = 1 << 12
    /// More than a kernel holds back of a file before it writes: so far from the end found no offset was ever given out.
    private static let gap: UInt64 = 1 << 36

    /// The number in the file `history`, made with the folder.
    static func history(_ directory: String) throws(StateError) -> UInt64 {
        let path = directory + "/history"
        let descriptor = try FileSystem.open(path, O_RDWR | O_CREAT)
        defer { close(descriptor) }
        let bytes = try FileSystem.read(descriptor, at: 0, count: 16, path: path)
        if let known = UInt64(String(decoding: bytes, as: UTF8.self), radix: 16), bytes.count == 16 { return known }
        var generator = SystemRandomNumberGenerator()
        let fresh = generator.next() as UInt64
        var arena = ByteArena(capacity: 64)
        arena.append(hex: fresh, digits: 16)
        arena.append("\n")
        try FileSystem.write(arena.bytes, to: descriptor, at: 0, path: path)
        try FileSystem.sync(descriptor, path: path)
        try FileSystem.syncDirectory(directory)
        return fresh
    }

    static func recover(_ directory: String, acknowledged: UInt64) throws(StateError) -> SpoolRecovery {
        var found = SpoolRecovery()
        let starts = try FileSystem.list(directory).compactMap(SpoolSegment.start(ofFile:)).sorted()
        for name in try FileSystem.list(directory) where name.hasSuffix(SpoolSpares.suffix) {
            unlink("\(directory)/\(name)")
        }
        var highest = acknowledged
        for (index, start) in starts.enumerated() {
            let path = SpoolSegment.path(directory, start)
            let descriptor = try FileSystem.open(path, O_RDWR)
            defer { close(descriptor) }
            let size = try FileSystem.size(descriptor, path: path)
            highest = max(highest, start + UInt64(size))
            let isLast = index == starts.count - 1
            let (end, isTorn) = isLast ? try wholeFrames(descriptor, start, size, path: path) : (size, false)
            if end <= SpoolSegment.headerBytes || start + UInt64(end) <= acknowledged {
                unlink(path)
                continue
            }
            if end < size {
                // What a crash left unfinished was never reported as safe.
                _ = ftruncate(descriptor, off_t(end))
                if isTorn {
                    found.damages.append(
                        "Cut off an end that was not written completely, at byte \(end) of \(path).")
                }
            }
            if found.segments.isEmpty { found.oldest = lastWritten(descriptor) }
            found.segments.append(Spool.Segment(start: start, size: end))
        }
        if highest > 0 { found.next = (highest / gap + 1) * gap }
        return found
    }

    /// Where the whole frames of a file end, and whether a frame of its own follows that is not whole. What else follows is left
    /// from before the file was written over.
    private static func wholeFrames(
        _ descriptor: Int32, _ start: UInt64, _ size: Int, path: String
    ) throws(StateError) -> (end: Int, isTorn: Bool) {
        let head = try FileSystem.read(descriptor, at: 0, count: SpoolSegment.headerBytes, path: path)
        guard head == SpoolSegment.header else { return (0, size > 0) }
        var at = SpoolSegment.headerBytes
        var window = 1 << 20
        while at < size {
            let bytes = try FileSystem.read(descriptor, at: at, count: min(window, size - at), path: path)
            var used = 0
            var wanted: Int?
            var isOwn = true
            bytes.withUnsafeBytes { bytes in
                while wanted == nil, used < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
                    switch SpoolSegment.frame(rest, at: start + UInt64(at + used)) {
                    case .whole(_, let count): used += count
                    case .cut(let count): wanted = count
                    case .broken(let own):
                        isOwn = own
                        wanted = .max
                    }
                }
            }
            at += used
            guard let wanted else { continue }
            // The frame goes past the end of the file.
            if wanted > size - at { return (at, isOwn) }
            window = max(window, wanted)
        }
        return (at, false)
    }

    private static func lastWritten(_ descriptor: Int32) -> Int64 {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { return Timestamp.now() }
        return Int64(info.st_mtim.tv_sec) * 1_000_000 + Int64(info.st_mtim.tv_nsec) / 1000
    }
}
