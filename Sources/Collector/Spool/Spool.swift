package import CoreIngest
package import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Collected events on disk, between the client's answer and the sinks: a log that is written at its end, read from where it was
/// acknowledged, and removed file by file behind that.
///
/// Event loops hand chunks over with ``append(_:done:)``; one thread writes all that has come together and syncs it once (group
/// commit). Offsets only ever grow, over restarts too: each start begins a new file, far enough past the end found that an
/// offset which was seen once never names another event, not even after a power cut that took the tail.
package final class Spool: Sendable {
    /// What became of a chunk.
    package enum Outcome: Sendable {
        /// It is as safe as ``SpoolSettings/syncsEachGroup`` says; delivered once the spool is acknowledged up to here.
        case written(end: UInt64)
        case failed(StateError)
    }

    struct Segment: Sendable, Equatable {
        var start: UInt64
        /// With its header.
        var size: Int
        var end: UInt64 { start + UInt64(size) }
    }

    struct Entry: Sendable {
        var chunk: SpoolChunk
        var done: @Sendable (Outcome) -> Void
    }

    struct State {
        /// Ascending; the last one is written to.
        var segments: [Segment] = []
        var pending: [Entry] = []
        var isStopped = false
        var failure: String?
        /// Up to which offset was written when, for the age of what waits.
        var times = FIFO<(offset: UInt64, time: Int64)>()
    }

    package let directory: String
    /// Which history of offsets this is: made with the folder.
    package let history: UInt64
    let settings: SpoolSettings
    let logger: Logger
    let state: Mutex<State>
    private let cursor: Mutex<SpoolCursor>
    private let wake = Signal()
    /// Sent when something was written.
    let written = Signal()
    let tail = SpoolTail()
    private let spares = SpoolSpares()
    private let writer: Mutex<SpoolWriter>
    let diskBytes = Atomic<Int>(0)
    let pendingBytes = Atomic<Int>(0)
    private let committedOffset: Atomic<UInt64>
    private let acknowledgedOffset: Atomic<UInt64>

    /// Opens the folder, creates it where it is missing, and cuts off what a crash left unfinished.
    package init(directory: String, settings: SpoolSettings, logger: Logger) throws(StateError) {
        var settings = settings
        settings.segmentBytes = min(settings.segmentBytes, max(settings.maxBytes / 4, 1 << 16))
        self.directory = directory
        self.settings = settings
        self.logger = logger
        try FileSystem.makeDirectory(directory)
        history = try SpoolRecovery.history(directory)
        let cursor = try SpoolCursor.open(directory)
        let found = try SpoolRecovery.recover(directory, acknowledged: cursor.offset)
        for damage in found.damages { logger.warning("\(damage)") }
        var state = State()
        state.segments = found.segments
        if let last = found.segments.last { state.times.append((last.end, found.oldest)) }
        let begin = found.next
        let acknowledged = cursor.offset
        self.cursor = Mutex(cursor)
        committedOffset = Atomic(begin)
        // With nothing left to deliver, everything before the new file is.
        acknowledgedOffset = Atomic(found.segments.isEmpty ? begin : acknowledged)
        diskBytes.store(found.segments.reduce(0) { $0 + $1.size }, ordering: .relaxed)
        self.state = Mutex(state)
        writer = Mutex(
            SpoolWriter(directory: directory, next: begin, segmentBytes: settings.segmentBytes, spares: spares))
    }

    // MARK: Writing

    /// What there is not enough of.
    enum Shortage {
        /// Events come faster than they are written.
        case pending
        case disk
    }

    /// Why there is no room for so many bytes; nil where there is. When not, clients are to come again later.
    func shortage(_ bytes: Int) -> Shortage? {
        let pending = pendingBytes.load(ordering: .relaxed) + bytes
        if diskBytes.load(ordering: .relaxed) + pending > settings.maxBytes { return .disk }
        return pending > settings.maxPendingBytes ? .pending : nil
    }

    /// Hands a chunk over, which is the spool's from here on. `done` is called once, on the writer's thread.
    package func append(_ chunk: SpoolChunk, done: @escaping @Sendable (Outcome) -> Void) {
        pendingBytes.add(chunk.byteCount, ordering: .relaxed)
        let isStopped = state.withLock { state in
            if !state.isStopped { state.pending.append(Entry(chunk: chunk, done: done)) }
            return state.isStopped
        }
        if isStopped {
            pendingBytes.subtract(chunk.byteCount, ordering: .relaxed)
            done(.failed(StateError(.failed, "the spool is closed")))
        } else {
            wake.send()
        }
    }

    /// Writes until ``stop()``, and then what is left. Blocks: it runs on a thread of its own.
    package func run() async {
        while true {
            let (entries, isStopped) = state.withLock { state in
                defer { state.pending = [] }
                return (state.pending, state.isStopped)
            }
            if entries.isEmpty {
                if isStopped {
                    writer.withLock { $0.close() }
                    return
                }
                await wake.wait()
                writer.withLock { writer in
                    if writer.isSyncDue { report(writer.sync()) }
                }
            } else {
                write(entries)
            }
        }
    }

    private func write(_ entries: [Entry]) {
        writer.withLock { writer in
            var rest = entries[...]
            while !rest.isEmpty {
                let group = writer.group(rest)
                rest = rest.dropFirst(group.count)
                let before = writer.segment
                do throws(StateError) {
                    let ends = try writer.write(group, sync: settings.syncsEachGroup)
                    took(writer.segment, ends, group)
                    for (entry, end) in zip(group, ends) { entry.done(.written(end: end)) }
                    report(nil)
                } catch {
                    // A new file may be there although nothing is in it.
                    if writer.segment != before { took(writer.segment, [], []) }
                    for entry in group {
                        pendingBytes.subtract(entry.chunk.byteCount, ordering: .relaxed)
                        entry.done(.failed(error))
                        tail.giveBack(entry.chunk)
                    }
                    report(error)
                }
            }
        }
    }

    /// Events are in a file: the reader may have them.
    private func took(_ segment: Segment?, _ ends: [UInt64], _ group: ArraySlice<Entry>) {
        guard let segment else { return }
        let now = Timestamp.now()
        let grown = state.withLock { state -> Int in
            var grown = segment.size
            if let index = state.segments.lastIndex(where: { $0.start == segment.start }) {
                grown -= state.segments[index].size
                state.segments[index].size = segment.size
            } else {
                state.segments.append(segment)
            }
            if let end = ends.last {
                // One entry for each tenth of a second is exact enough, and bounded.
                if let last = state.times.last, now - last.time < 100_000 || state.times.count >= 10_000 {
                    if state.times.count > 1 {
                        state.times.updateLast { $0.offset = end }
                    } else {
                        state.times.append((end, now))
                    }
                } else {
                    state.times.append((end, now))
                }
            }
            return grown
        }
        diskBytes.add(grown, ordering: .relaxed)
        for (entry, end) in zip(group, ends) {
            pendingBytes.subtract(entry.chunk.byteCount, ordering: .relaxed)
            tail.append(entry.chunk, at: end - UInt64(SpoolSegment.frameHeaderBytes + entry.chunk.byteCount))
        }
        if let end = ends.last {
            committedOffset.store(end, ordering: .releasing)
            written.send()
        }
    }

    private func report(_ error: StateError?) {
        let message = error?.message
        let isNew = state.withLock { state in
            defer { state.failure = message }
            return state.failure != message
        }
        guard isNew else { return }
        if let message {
            logger.error("Events cannot be kept, and clients get 503: \(message)")
        } else {
            logger.notice("Events are kept again.")
        }
    }

    /// Syncs what is due, where groups are not synced one by one. Called about once a second.
    package func tick() {
        if !settings.syncsEachGroup { wake.send() }
    }

    /// Lets ``run()`` return when all that was handed over is written.
    package func stop() {
        state.withLock { $0.isStopped = true }
        wake.send()
    }

    // MARK: Reading

    /// What lies before it may be read.
    package var committed: UInt64 { committedOffset.load(ordering: .acquiring) }
    /// Everything before it is delivered, and that is on the disk.
    package var acknowledged: UInt64 { acknowledgedOffset.load(ordering: .acquiring) }

    /// The file that holds an offset, or the first one after it; nil where nothing follows.
    func segment(at offset: UInt64) -> Segment? {
        state.withLock { state in state.segments.first { $0.end > offset } }
    }

    // MARK: Acknowledging

    /// Everything before `offset` is delivered: durable on return. Files that lie before it are removed.
    package func persist(acknowledged offset: UInt64) throws(StateError) {
        guard offset > acknowledged else { return }
        try cursor.withLock { cursor throws(StateError) in try cursor.write(offset) }
        acknowledgedOffset.store(offset, ordering: .releasing)
        let removed = state.withLock { state -> [Segment] in
            var removed: [Segment] = []
            // The last one is being written to.
            while state.segments.count > 1, let first = state.segments.first, first.end <= offset {
                removed.append(first)
                state.segments.removeFirst()
            }
            while let first = state.times.first, first.offset <= offset { _ = state.times.popFirst() }
            return removed
        }
        for segment in removed {
            let left = diskBytes.subtract(segment.size, ordering: .relaxed).newValue
            let path = SpoolSegment.path(directory, segment.start)
            let spare = (spares.count + 1) * settings.segmentBytes
            if left + spare > settings.maxBytes || !spares.keep(path) { unlink(path) }
        }
    }
}
