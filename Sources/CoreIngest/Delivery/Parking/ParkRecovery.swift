#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What a process finds in a park's folder at its start.
struct ParkRecovery: Sendable {
    var batches = 0
    var events = 0
    /// Batches that were removed, as their source sends them again.
    var repeated = 0
    /// The last position of each history.
    var positions: [SourceIdentity: Position] = [:]
    /// What was cut off or set aside, for the log.
    var damages: [String] = []
    /// The files that hold something that is not delivered, ascending.
    private(set) var segments: [ParkSegment] = []
    /// Up to where it was delivered.
    let delivered: ParkTicket

    /// Removes what is delivered, what a crash left unfinished, and what was not acknowledged: see ``Park``.
    init(_ directory: String, _ acknowledged: (SourceIdentity) -> UInt64?) throws(StateError) {
        let cursor = ParkCursor.read(in: directory)
        delivered = cursor
        let numbers = try FileSystem.list(directory).compactMap(ParkSegment.number(of:))
        for number in numbers {
            let path = ParkSegment.path(directory, number)
            if number < cursor.segment {
                unlink(path)
                continue
            }
            let begin = number == cursor.segment ? cursor.end : 0
            let size = try scan(path, from: begin, isLast: number == numbers.last, acknowledged)
            if size <= begin {
                unlink(path)
            } else {
                segments.append(ParkSegment(number: number, size: size))
            }
        }
    }

    /// Walks over the frames of a file and answers where the whole ones end.
    private mutating func scan(
        _ path: String, from begin: Int, isLast: Bool, _ acknowledged: (SourceIdentity) -> UInt64?
    ) throws(StateError) -> Int {
        let descriptor = try FileSystem.open(path, O_RDWR)
        defer { close(descriptor) }
        let size = try FileSystem.size(descriptor, path: path)
        var offset = begin
        // Past the cursor: the frames that stay.
        var kept: [Range<Int>] = []
        var keptBytes = begin
        while offset < size {
            guard let frame = try ParkFrame(descriptor, at: offset, limit: size, path: path) else { break }
            let end = offset + frame.count
            if take(frame, acknowledged) {
                kept.append(offset..<end)
                keptBytes += frame.count
            } else {
                repeated += 1
            }
            offset = end
        }
        if keptBytes < offset {
            try Self.rewrite(path, descriptor, from: begin, keeping: kept)
            return keptBytes
        }
        if offset < size {
            // A torn tail of the last file was never reported as safe; anywhere else it is damage.
            if isLast { _ = ftruncate(descriptor, offset) }
            damages.append(
                isLast
                    ? "Cut off \(size - offset) bytes that were not written completely from the end of \(path)."
                    : "\(path) is damaged from byte \(offset) on; what follows in it is lost.")
        }
        return offset
    }

    /// Counts a frame that stays; false where its source sends it again.
    private mutating func take(_ frame: ParkFrame, _ acknowledged: (SourceIdentity) -> UInt64?) -> Bool {
        // What cannot be read is passed over, and named, when its turn comes.
        guard let header = frame.read({ try $0.header() }) else { return true }
        if let told = acknowledged(header.source), header.last.commit >= told, !Self.reaches(below: told, frame) {
            return false
        }
        positions[header.source] = max(positions[header.source] ?? .start, header.last)
        batches += 1
        events += frame.events
        return true
    }

    /// Whether some events of a frame were acknowledged: a source that has gone back may have sent them again in other batches.
    /// The whole frame stays then, and what comes again of it is left out by its position.
    private static func reaches(below told: UInt64, _ frame: ParkFrame) -> Bool {
        guard let (batch, start) = frame.read({ try $0.batch() }), start < batch.records.count else { return false }
        return batch.records[start].position.commit < told
    }

    /// Leaves only some frames past `begin`, in a new file that takes the place of the old one at once.
    private static func rewrite(
        _ path: String, _ old: Int32, from begin: Int, keeping kept: [Range<Int>]
    ) throws(StateError) {
        let draft = path + ".new"
        let descriptor = try FileSystem.open(draft, O_RDWR | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        // Before the cursor nothing is read again, but its offset must stay true.
        var end = begin
        for range in kept {
            let frame = try FileSystem.read(old, at: range.lowerBound, count: range.count, path: path)
            var bytes = ByteArena(capacity: frame.count)
            bytes.append(frame)
            try FileSystem.write(bytes.bytes, to: descriptor, at: end, path: draft)
            end += range.count
        }
        try FileSystem.sync(descriptor, path: draft)
        guard rename(draft, path) == 0 else { throw FileSystem.error(errno, "replace", path) }
        try FileSystem.syncDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    }
}
