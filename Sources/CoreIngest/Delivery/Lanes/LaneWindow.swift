/// What a lane has taken from its queue and not settled yet: some of it written, the rest to be written. A state machine
/// without I/O.
///
/// A cursor runs through it. ``rewind()`` puts it back to what was flushed last: what a lost connection took is written again.
struct LaneWindow {
    struct Entry {
        let queued: QueuedBatch
        /// The first record that is neither flushed nor left out.
        var next: Int
        /// Records that are dealt with otherwise (dead letters), ascending.
        var excluded: [Int]

        /// The first index into `excluded` of a record at or after this one.
        func place(of record: Int) -> Int {
            var low = 0
            var high = excluded.count
            while low < high {
                let middle = (low + high) / 2
                if excluded[middle] >= record { high = middle } else { low = middle + 1 }
            }
            return low
        }

        func isExcluded(_ record: Int) -> Bool {
            let place = place(of: record)
            return place < excluded.count && excluded[place] == record
        }
    }

    /// Slices to be written, and where the cursor goes once they are.
    struct Gathered {
        var slices: [BatchSlice] = []
        /// By slice: the entry it belongs to.
        var owners: [Int] = []
        var events = 0
        var bytes = 0
        var cursor: Cursor
        /// A table has another shape from the cursor on: what is gathered is to be flushed before the rest is written.
        var endsShape = false
    }

    struct Cursor: Equatable, Comparable {
        var entry: Int
        var record: Int
        static func < (left: Self, right: Self) -> Bool {
            (left.entry, left.record) < (right.entry, right.record)
        }
    }

    private(set) var entries: [Entry] = []
    private var cursor = Cursor(entry: 0, record: 0)
    /// Bytes written since the last flush.
    private(set) var takenBytes = 0
    /// Bytes and events past the cursor.
    private(set) var pendingBytes = 0
    private(set) var pendingEvents = 0

    var isEmpty: Bool { entries.isEmpty }
    /// Something was written that is not flushed.
    private(set) var hasTaken = false
    var hasPending: Bool { cursor.entry < entries.count }

    mutating func append(_ queued: QueuedBatch, excluded: [Int], durable: Position) {
        let next = max(queued.start, queued.batch.firstRecord(after: durable))
        entries.append(Entry(queued: queued, next: next, excluded: excluded))
        if cursor.entry == entries.count - 1 { cursor.record = next }
        pendingBytes += queued.cost
        pendingEvents += queued.batch.records.count - next
    }

    /// The next write, of at most so many events and bytes, but at least one event, and of each table in one shape: ``WriteShapes``.
    func gather(maxEvents: Int, maxBytes: Int) -> Gathered {
        var out = Gathered(cursor: cursor)
        var shapes = WriteShapes()
        while out.cursor.entry < entries.count, out.events < maxEvents, out.bytes < maxBytes {
            let entry = entries[out.cursor.entry]
            let batch = entry.queued.batch
            let total = batch.records.count
            let perEvent = max(1, batch.memoryCost / max(1, total))
            var record = max(out.cursor.record, entry.next)
            let limit = shapes.change(in: batch, record..<max(record, total)) ?? total
            while record < limit, out.events < maxEvents, out.bytes < maxBytes {
                if entry.isExcluded(record) {
                    record += 1
                    continue
                }
                let room = min(maxEvents - out.events, max(1, (maxBytes - out.bytes) / perEvent))
                var end = min(limit, record + room)
                let hole = entry.place(of: record)
                if hole < entry.excluded.count { end = min(end, entry.excluded[hole]) }
                out.slices.append(BatchSlice(batch, range: record..<end))
                out.owners.append(out.cursor.entry)
                out.events += end - record
                out.bytes += (end - record) * perEvent
                record = end
            }
            while record < limit, entry.isExcluded(record) { record += 1 }
            if record < total {
                out.cursor.record = record
                out.endsShape = record == limit
                break
            }
            out.cursor = Cursor(entry: out.cursor.entry + 1, record: 0)
        }
        return out
    }

    /// What was gathered is written, or was nothing.
    mutating func took(_ gathered: Gathered) {
        cursor = gathered.cursor
        takenBytes += gathered.bytes
        if gathered.events > 0 { hasTaken = true }
        countPending()
    }

    /// One record is dealt with otherwise, and is never written again.
    mutating func exclude(entry: Int, record: Int) {
        guard !entries[entry].isExcluded(record) else { return }
        entries[entry].excluded.insert(record, at: entries[entry].place(of: record))
    }

    /// Everything since the last flush is to be written again, but for what the destination says it has of a source.
    mutating func rewind(durable: (SourceIdentity) -> Position) {
        for index in entries.indices {
            let batch = entries[index].queued.batch
            entries[index].next = max(entries[index].next, batch.firstRecord(after: durable(batch.source)))
        }
        cursor = Cursor(entry: 0, record: entries.first?.next ?? 0)
        takenBytes = 0
        hasTaken = false
        countPending()
    }

    /// What was written is durable. Answers the batches that are done with, in order, and forgets them.
    mutating func flushed() -> [QueuedBatch] {
        let done = entries.prefix(cursor.entry).map(\.queued)
        entries.removeFirst(cursor.entry)
        cursor.entry = 0
        if !entries.isEmpty {
            entries[0].next = max(entries[0].next, cursor.record)
        }
        takenBytes = 0
        hasTaken = false
        return done
    }

    private mutating func countPending() {
        pendingBytes = 0
        pendingEvents = 0
        guard cursor.entry < entries.count else { return }
        for index in cursor.entry..<entries.count {
            let entry = entries[index]
            let from = index == cursor.entry ? max(cursor.record, entry.next) : entry.next
            let total = max(1, entry.queued.batch.records.count)
            pendingEvents += entry.queued.batch.records.count - from
            pendingBytes += entry.queued.cost * (total - min(from, total)) / total
        }
    }
}
