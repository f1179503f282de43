import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Where a batch lies in a park: the place just past it.
struct ParkTicket: Sendable, Equatable, Comparable {
    var segment: UInt64
    var end: Int

    static func < (left: Self, right: Self) -> Bool { (left.segment, left.end) < (right.segment, right.end) }
}

/// Events that wait on disk for one sink: a queue of batches that outlives the process.
///
/// Segment files `0000000000000001.seg`, …, each a row of frames: length u32 · CRC-32C of the rest u32 · events u32 ·
/// a batch (see ``BatchWriter``). What ``append(_:)`` took is on the disk when it returns. The file `cursor` says how far the
/// queue is delivered; it is a hint (not synced), so after a power cut some batches may come again.
///
/// What is in the park is older than what its lane holds only in memory, without a gap (see ``LaneQueue``). Acknowledged is what
/// lies in it and what was delivered; what came later the source sends again after a crash, also what is parked but was not
/// acknowledged yet. So at the start only what was acknowledged to its source is kept, and the rest comes once.
///
/// One thread appends, another reads; both may at once, and either may say what is delivered.
final class Park: Sendable {
    /// What was found at the start.
    struct Recovered: Sendable, Equatable {
        var batches = 0
        var events = 0
        /// Batches that were removed, as their source sends them again.
        var repeated = 0
        /// The last position of each history.
        var positions: [SourceIdentity: Position] = [:]
        /// What was cut off or set aside, for the log.
        var damages: [String] = []
    }

    private struct Segment {
        var number: UInt64
        var size: Int
    }

    private struct State {
        /// Ascending; the last one is written to.
        var segments: [Segment] = []
        var writer: Int32 = -1
        /// The last segment is being written to: it must stay, even where all that counts in it is delivered.
        var isAppending = false
        var readSegment: UInt64 = 1
        var readOffset = 0
        var consumed = ParkTicket(segment: 1, end: 0)
    }

    private static let frameHeader = 12

    private let directory: String
    private let segmentBytes: Int
    private let state: Mutex<State>
    let recovered: Recovered

    /// Opens the folder, creates it where it is missing, cuts off what a crash left unfinished.
    ///
    /// `acknowledged`: up to where a source was told that it may forget; nil for a source that nobody knows any more, whose
    /// batches are all kept.
    init(
        directory: String, segmentBytes: Int, acknowledged: (SourceIdentity) -> UInt64? = { _ in nil }
    ) throws(StateError) {
        self.directory = directory
        self.segmentBytes = segmentBytes
        try FileSystem.makeDirectory(directory)
        var state = State()
        var recovered = Recovered()
        try Self.recover(directory, acknowledged, into: &state, recovered: &recovered)
        self.state = Mutex(state)
        self.recovered = recovered
    }

    deinit {
        let writer = state.withLock { $0.writer }
        if writer >= 0 { close(writer) }
    }

    /// Bytes on disk that are not delivered yet, counted in whole files.
    var bytes: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    // MARK: Writing

    /// Adds batches at the end; they are on disk when it returns. After an error none of them counts. Answers their places.
    ///
    /// `alreadyRead`: the first so many are with the reader already, who has read all before them: they are not read again.
    @discardableResult
    func append(_ batches: [QueuedBatch], alreadyRead: Int = 0) throws(StateError) -> [ParkTicket] {
        var ends: [Int] = []
        var buffer = ByteArena(capacity: batches.reduce(4096) { $0 + $1.cost + $1.cost / 4 })
        for queued in batches {
            let begin = buffer.count
            buffer.append(little: UInt64(0))
            buffer.append(little: UInt32(queued.events))
            BatchWriter.write(queued.batch, start: queued.start, to: &buffer)
            buffer.sealFrame(from: begin)
            ends.append(buffer.count)
        }
        state.withLock { $0.isAppending = true }
        defer { state.withLock { $0.isAppending = false } }
        let (descriptor, number, offset) = try writableSegment()
        let path = path(of: number)
        do throws(StateError) {
            try FileSystem.write(buffer.bytes, to: descriptor, at: offset, path: path)
            try FileSystem.sync(descriptor, path: path)
        } catch {
            // Whatever was written lies past the end that counts; the next attempt writes over it.
            _ = ftruncate(descriptor, offset)
            throw error
        }
        let written = buffer.count
        state.withLock { state in
            if let index = state.segments.indices.last { state.segments[index].size = offset + written }
            if alreadyRead > 0 {
                state.readSegment = number
                state.readOffset = offset + ends[alreadyRead - 1]
            }
        }
        return ends.map { ParkTicket(segment: number, end: offset + $0) }
    }

    private func writableSegment() throws(StateError) -> (descriptor: Int32, number: UInt64, offset: Int) {
        let known = state.withLock { state -> (Int32, UInt64, Int)? in
            guard state.writer >= 0, let last = state.segments.last, last.size < segmentBytes else { return nil }
            return (state.writer, last.number, last.size)
        }
        if let known { return known }
        let (old, number) = state.withLock { state -> (Int32, UInt64) in
            let old = state.writer
            state.writer = -1
            return (old, max(state.segments.last?.number ?? 0, state.consumed.segment) + 1)
        }
        if old >= 0 { close(old) }
        let descriptor = try FileSystem.open(path(of: number), O_RDWR | O_CREAT | O_TRUNC)
        do throws(StateError) {
            try FileSystem.syncDirectory(directory)
        } catch {
            close(descriptor)
            throw error
        }
        state.withLock { state in
            state.writer = descriptor
            state.segments.append(Segment(number: number, size: 0))
        }
        return (descriptor, number, 0)
    }

    // MARK: Reading

    /// The next batch, and its place; nil when all were read. `damages` says what could not be read, and was set aside.
    func read(damages: inout [String]) throws(StateError) -> (batch: EventBatch, start: Int, ticket: ParkTicket)? {
        while let place = nextPlace() {
            let path = path(of: place.number)
            let descriptor = try FileSystem.open(path, O_RDONLY)
            defer { close(descriptor) }
            if let frame = try Self.frame(descriptor, at: place.offset, limit: place.size, path: path) {
                let end = place.offset + frame.count
                let result = frame.withUnsafeBytes { bytes -> (EventBatch, Int)? in
                    var reader = BatchReader(UnsafeRawBufferPointer(rebasing: bytes[Self.frameHeader...]))
                    return try? reader.batch()
                }
                state.withLock { $0.readOffset = end }
                if let (batch, start) = result {
                    return (batch, start, ParkTicket(segment: place.number, end: end))
                }
                damages.append("A parked batch in \(path) at \(place.offset) cannot be read, and was passed over.")
            } else {
                damages.append("\(path) is damaged from byte \(place.offset) on; what follows in it was passed over.")
                state.withLock { $0.readOffset = place.size }
            }
        }
        return nil
    }

    private func nextPlace() -> (number: UInt64, offset: Int, size: Int)? {
        state.withLock { state in
            for segment in state.segments where segment.number >= state.readSegment {
                if segment.number > state.readSegment {
                    state.readSegment = segment.number
                    state.readOffset = 0
                }
                if state.readOffset < segment.size { return (segment.number, state.readOffset, segment.size) }
            }
            return nil
        }
    }

    /// Everything up to a place is delivered: its files are removed, and a restart begins after it.
    func consumed(through ticket: ParkTicket) {
        let removed = state.withLock { state -> [UInt64] in
            guard ticket > state.consumed else { return [] }
            state.consumed = ticket
            var removed: [UInt64] = []
            while let first = state.segments.first,
                first.number < ticket.segment || first.number == ticket.segment && ticket.end >= first.size
            {
                if state.segments.count == 1, state.isAppending { break }
                // The file being written to is finished by closing it: the next one has another number.
                if state.segments.count == 1, state.writer >= 0 {
                    close(state.writer)
                    state.writer = -1
                }
                removed.append(first.number)
                state.segments.removeFirst()
            }
            // Here, so that a later place is not overwritten by an earlier one.
            writeCursor(ticket)
            return removed
        }
        for number in removed { unlink(path(of: number)) }
    }

    private func path(of number: UInt64) -> String { Self.path(directory, number) }

    private static func path(_ directory: String, _ number: UInt64) -> String {
        let hex = String(number, radix: 16)
        return "\(directory)/\(String(repeating: "0", count: 16 - hex.count))\(hex).seg"
    }

    // MARK: Recovery

    private static func recover(
        _ directory: String, _ acknowledged: (SourceIdentity) -> UInt64?, into state: inout State,
        recovered: inout Recovered
    ) throws(StateError) {
        let cursor = readCursor(directory)
        var numbers: [UInt64] = []
        for name in try FileSystem.list(directory) where name.hasSuffix(".seg") {
            if let number = UInt64(name.dropLast(4), radix: 16) { numbers.append(number) }
        }
        state.consumed = cursor
        state.readSegment = cursor.segment
        state.readOffset = cursor.end
        for number in numbers {
            let path = path(directory, number)
            if number < cursor.segment {
                unlink(path)
                continue
            }
            let begin = number == cursor.segment ? cursor.end : 0
            let size = try scan(
                path, from: begin, isLast: number == numbers.last, acknowledged, recovered: &recovered)
            if size <= begin {
                unlink(path)
            } else {
                state.segments.append(Segment(number: number, size: size))
            }
        }
    }

    /// Walks over the frames of a file and answers where the whole ones end.
    private static func scan(
        _ path: String, from begin: Int, isLast: Bool, _ acknowledged: (SourceIdentity) -> UInt64?,
        recovered: inout Recovered
    ) throws(StateError) -> Int {
        let descriptor = try FileSystem.open(path, O_RDWR)
        defer { close(descriptor) }
        let size = try FileSystem.size(descriptor, path: path)
        var offset = begin
        // Past the cursor: the frames that stay.
        var kept: [Range<Int>] = []
        var keptBytes = begin
        while offset < size {
            guard let frame = try frame(descriptor, at: offset, limit: size, path: path) else { break }
            let end = offset + frame.count
            let isRepeated = frame.withUnsafeBytes { bytes -> Bool in
                var reader = BatchReader(UnsafeRawBufferPointer(rebasing: bytes[frameHeader...]))
                // What cannot be read is passed over, and named, when its turn comes.
                guard let header = try? reader.header() else { return false }
                if let told = acknowledged(header.source), header.last.commit >= told,
                    !Self.reaches(below: told, bytes)
                {
                    return true
                }
                recovered.positions[header.source] = max(recovered.positions[header.source] ?? .start, header.last)
                recovered.batches += 1
                recovered.events += Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian)
                return false
            }
            if isRepeated {
                recovered.repeated += 1
            } else {
                kept.append(offset..<end)
                keptBytes += frame.count
            }
            offset = end
        }
        if keptBytes < offset {
            try rewrite(path, descriptor, from: begin, keeping: kept)
            return keptBytes
        }
        if offset < size {
            // A torn tail of the last file was never reported as safe; anywhere else it is damage.
            if isLast { _ = ftruncate(descriptor, offset) }
            recovered.damages.append(
                isLast
                    ? "Cut off \(size - offset) bytes that were not written completely from the end of \(path)."
                    : "\(path) is damaged from byte \(offset) on; what follows in it is lost.")
        }
        return offset
    }

    /// Whether some events of a frame were acknowledged: a source that has gone back may have sent them again in other batches.
    /// The whole frame stays then, and what comes again of it is left out by its position.
    private static func reaches(below told: UInt64, _ frame: UnsafeRawBufferPointer) -> Bool {
        var reader = BatchReader(UnsafeRawBufferPointer(rebasing: frame[frameHeader...]))
        guard let (batch, start) = try? reader.batch(), start < batch.records.count else { return false }
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

    /// One whole frame with its header; nil where there is none with the right checksum.
    private static func frame(_ descriptor: Int32, at offset: Int, limit: Int, path: String) throws(StateError)
        -> [UInt8]?
    {
        let head = try FileSystem.read(descriptor, at: offset, count: frameHeader, path: path)
        guard head.count == frameHeader else { return nil }
        let length = head.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self).littleEndian) }
        guard length >= frameHeader, length <= limit - offset else { return nil }
        let frame = try FileSystem.read(descriptor, at: offset, count: length, path: path)
        guard frame.count == length else { return nil }
        let isWhole = frame.withUnsafeBytes { bytes in
            let expected = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian
            return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[8...])) == expected
        }
        return isWhole ? frame : nil
    }

    // MARK: Cursor

    private func writeCursor(_ ticket: ParkTicket) {
        var arena = ByteArena(capacity: 64)
        arena.append(little: ticket.segment)
        arena.append(little: UInt64(ticket.end))
        arena.append(little: CRC32C.checksum(arena.bytes))
        let path = directory + "/cursor"
        // A hint only: where it cannot be written, batches come again after a restart.
        guard let descriptor = try? FileSystem.open(path, O_RDWR | O_CREAT) else { return }
        try? FileSystem.write(arena.bytes, to: descriptor, at: 0, path: path)
        close(descriptor)
    }

    private static func readCursor(_ directory: String) -> ParkTicket {
        let none = ParkTicket(segment: 1, end: 0)
        let path = directory + "/cursor"
        guard let descriptor = try? FileSystem.open(path, O_RDONLY) else { return none }
        defer { close(descriptor) }
        guard let bytes = try? FileSystem.read(descriptor, at: 0, count: 20, path: path), bytes.count == 20 else {
            return none
        }
        return bytes.withUnsafeBytes { bytes in
            let expected = bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self).littleEndian
            guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<16])) == expected else { return none }
            return ParkTicket(
                segment: bytes.loadUnaligned(as: UInt64.self).littleEndian,
                end: Int(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian))
        }
    }
}

extension ByteArena {
    /// Fills in length and checksum of the frame that began at `begin`, where eight bytes were left for them.
    fileprivate mutating func sealFrame(from begin: Int) {
        let length = count - begin
        base.storeBytes(of: UInt32(length).littleEndian, toByteOffset: begin, as: UInt32.self)
        let checksum = CRC32C.checksum(UnsafeRawBufferPointer(start: base + begin + 8, count: length - 8))
        base.storeBytes(of: checksum.littleEndian, toByteOffset: begin + 4, as: UInt32.self)
    }
}
