import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Events that wait on disk for one sink: a queue of batches that outlives the process.
///
/// Files of frames (``ParkSegment``, ``ParkFrame``). What ``append(_:)`` took is on the disk when it returns. ``ParkCursor`` says how
/// far the queue is delivered, as a hint: after a power cut some batches may come again.
///
/// What is in the park is older than what its lane holds only in memory, without a gap (see ``LaneQueue``). Acknowledged is what
/// lies in it and what was delivered; what came later the source sends again after a crash, also what is parked but was not
/// acknowledged yet. So at the start only what was acknowledged to its source is kept, and the rest comes once.
///
/// One thread appends, another reads; both may at once, and either may say what is delivered.
final class Park: Sendable {
    private struct State {
        /// Ascending; the last one is written to.
        var segments: [ParkSegment] = []
        var writer: Int32 = -1
        /// The last segment is being written to: it must stay, even where all that counts in it is delivered.
        var isAppending = false
        var readSegment: UInt64
        var readOffset: Int
        var consumed: ParkTicket
    }

    private let directory: String
    private let segmentBytes: Int
    private let state: Mutex<State>
    let recovered: ParkRecovery

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
        let recovered = try ParkRecovery(directory, acknowledged)
        self.recovered = recovered
        state = Mutex(
            State(
                segments: recovered.segments, readSegment: recovered.delivered.segment,
                readOffset: recovered.delivered.end, consumed: recovered.delivered))
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
            ParkFrame.append(queued, to: &buffer)
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
            state.segments.append(ParkSegment(number: number, size: 0))
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
            if let frame = try ParkFrame(descriptor, at: place.offset, limit: place.size, path: path) {
                let end = place.offset + frame.count
                state.withLock { $0.readOffset = end }
                if let (batch, start) = frame.read({ try $0.batch() }) {
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
            ParkCursor.write(ticket, in: directory)
            return removed
        }
        for number in removed { unlink(path(of: number)) }
    }

    private func path(of number: UInt64) -> String { ParkSegment.path(directory, number) }
}
