import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads the spool frame by frame, up to what is committed: from memory what was written just now, else from the disk. Not thread safe: the source's thread has it.
struct SpoolReader: ~Copyable {
    struct Frame {
        /// Borrowed: valid until the next call.
        var events: UnsafeRawBufferPointer
        var begin: UInt64
        var end: UInt64
        /// Those that the events' verdicts name; none where they come from the disk.
        var validators: [PayloadValidator] = []
    }

    private let spool: Spool
    /// Where the next frame begins.
    private(set) var offset: UInt64
    private var file: (segment: Spool.Segment, descriptor: Int32)?
    private var buffer = ByteArena(capacity: 64)
    /// The part of the buffer that was not looked at yet, which begins at ``offset``.
    private var at = 0
    /// The chunk of the last frame, where it came from memory.
    private var held: SpoolChunk?
    private static let step = 256 << 10

    init(_ spool: Spool, at offset: UInt64) {
        self.spool = spool
        self.offset = offset
    }

    deinit {
        if let file { close(file.descriptor) }
        if let held { spool.tail.giveBack(held) }
    }

    /// Goes to another place: that of a frame, or before the first one.
    mutating func seek(to offset: UInt64) {
        self.offset = offset
        forget()
    }

    private mutating func forget() {
        if let file { close(file.descriptor) }
        file = nil
        buffer.truncate(to: 0)
        at = 0
    }

    /// The next frame; nil when all that is committed was read. `damage` is told what cannot be read, and is passed over.
    mutating func next(damage: (String) -> Void) throws(StateError) -> Frame? {
        var wanted = SpoolSegment.frameHeaderBytes
        if let held { spool.tail.giveBack(held) }
        held = nil
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: buffer.bytes[at...])
            if rest.isEmpty, let chunk = spool.tail.take(at: offset) {
                held = chunk
                let begin = offset
                offset += UInt64(SpoolSegment.frameHeaderBytes + chunk.byteCount)
                return Frame(events: chunk.bytes, begin: begin, end: offset, validators: chunk.validators)
            }
            if rest.count >= wanted {
                switch SpoolSegment.frame(rest, at: offset) {
                case .whole(let events, let count):
                    let frame = Frame(events: events, begin: offset, end: offset + UInt64(count))
                    at += count
                    offset += UInt64(count)
                    return frame
                case .cut(let count): wanted = count
                case .broken:
                    passOver(damage)
                    wanted = SpoolSegment.frameHeaderBytes
                }
                continue
            }
            guard try fill(wanted, damage: damage) else { return nil }
        }
    }

    /// Reads on until `wanted` bytes are there from ``offset`` on, as far as the file goes; false where nothing is left.
    private mutating func fill(_ wanted: Int, damage: (String) -> Void) throws(StateError) -> Bool {
        let committed = spool.committed
        guard let segment = spool.segment(at: offset), offset < committed else { return false }
        let begin = segment.start + UInt64(SpoolSegment.headerBytes)
        if offset < begin {
            // The file before ended, or was delivered and removed.
            offset = begin
            forget()
            return true
        }
        let path = SpoolSegment.path(spool.directory, segment.start)
        if file?.segment.start != segment.start {
            forget()
            file = (segment, try FileSystem.open(path, O_RDONLY))
        }
        guard let file else { return false }
        let have = buffer.count - at
        let left = Int(min(segment.end, committed) - offset) - have
        if left <= 0 {
            // It says that it goes on past the end of what was written.
            passOver(damage)
            return true
        }
        buffer.removePrefix(at)
        at = 0
        let count = min(max(Self.step, wanted - have), left)
        let got = try buffer.read(
            file.descriptor, at: Int(offset - segment.start) + have, count: count, path: path)
        if got == 0 { passOver(damage) }
        // What a large frame needed is given back.
        return true
    }

    /// Leaves out the rest of a file, which is damaged.
    private mutating func passOver(_ damage: (String) -> Void) {
        guard let segment = spool.segment(at: offset) else { return }
        damage(
            "\(SpoolSegment.path(spool.directory, segment.start)) is damaged from byte \(offset - segment.start) on; "
                + "what follows in it is lost.")
        offset = min(segment.end, max(spool.committed, offset))
        forget()
    }
}

extension ByteArena {
    /// Forgets the first bytes, and moves the others to the front.
    mutating func removePrefix(_ count: Int) {
        guard count > 0 else { return }
        memmove(base, base + count, used - count)
        used -= count
    }

    /// Appends up to `count` bytes of a file; fewer only at its end. Answers how many.
    fileprivate mutating func read(
        _ descriptor: Int32, at offset: Int, count: Int, path: String
    ) throws(StateError) -> Int {
        reserve(count)
        var done = 0
        while done < count {
            let got = pread(descriptor, base + used, count - done, off_t(offset + done))
            if got < 0 {
                if errno == EINTR { continue }
                throw FileSystem.error(errno, "read", path)
            }
            if got == 0 { break }
            done += got
            used += got
        }
        return done
    }
}
