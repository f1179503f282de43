/// Builds one batch: a source writes an event's bytes into ``arena``, then appends its record.
///
/// Not thread safe and not copyable: one source owns it. Reused by sealing, which leaves it empty.
public struct EventBatchBuilder: ~Copyable {
    /// Where payloads, keys and old rows are written.
    public var arena: ByteArena
    /// The records so far.
    public private(set) var records: [EventRecord] = []
    /// The streams that the records name by index.
    public private(set) var streams: [StreamDescriptor] = []
    /// The transactions that the records name by index.
    public private(set) var transactions: [TransactionInfo] = []
    private let capacity: Int

    /// `capacity`: bytes to reserve for each batch.
    public init(capacity: Int = 1 << 20) {
        self.capacity = capacity
        arena = ByteArena(capacity: capacity)
        records.reserveCapacity(1024)
    }

    /// Whether there are no records.
    public var isEmpty: Bool { records.isEmpty }

    /// The index of a stream in this batch; adds it when it is new. Streams are compared by identity.
    public mutating func index(of stream: StreamDescriptor) -> UInt32 {
        if let last = streams.lastIndex(where: { $0 === stream }) { return UInt32(last) }
        streams.append(stream)
        return UInt32(streams.count - 1)
    }

    /// Another stream in the place of one: all records that name it are of the other, and are to be checked against its schema.
    mutating func replaceStream(_ index: Int, with stream: StreamDescriptor) {
        let isSameSchema = streams[index].validator === stream.validator
        streams[index] = stream
        if isSameSchema { return }
        for record in records.indices where Int(records[record].stream) == index {
            records[record].flags.remove(.passed)
        }
    }

    /// Adds a transaction and answers its index; call it once per transaction and batch.
    public mutating func add(_ transaction: TransactionInfo) -> UInt32 {
        transactions.append(transaction)
        return UInt32(transactions.count - 1)
    }

    /// Adds an event whose bytes are in ``arena``.
    public mutating func append(_ record: EventRecord) { records.append(record) }

    /// Changes one record in place: for the verdict of validation.
    public mutating func update(_ index: Int, _ change: (inout EventRecord) -> Void) { change(&records[index]) }

    /// Leaves out the records at or before a position: what a source sends again after it has reconnected. Answers how many.
    public mutating func leaveOut(through position: Position) -> Int {
        let count = records.firstIndex { $0.position > position } ?? records.count
        records.removeFirst(count)
        if records.isEmpty { removeAll() }
        return count
    }

    /// Forgets everything and keeps the storage.
    public mutating func removeAll() {
        arena.truncate(to: 0)
        records.removeAll(keepingCapacity: true)
        streams.removeAll(keepingCapacity: true)
        transactions.removeAll(keepingCapacity: true)
    }

    /// Closes the batch and starts the next one. `receivedAt`: microseconds since the Unix epoch.
    ///
    /// A batch may wait in queues for long, so one that fills less than half of the arena takes a copy of its own size along,
    /// and the arena stays with the builder.
    public mutating func seal(source: SourceIdentity, acknowledge: UInt64, receivedAt: Int64) -> EventBatch {
        let byteCount = arena.count
        var full = ByteArena(capacity: byteCount < arena.capacity / 2 ? byteCount : capacity)
        if byteCount < arena.capacity / 2 {
            full.append(arena.bytes)
            // What one large event needed is given back.
            if arena.capacity > 2 * max(capacity, 64) { arena = ByteArena(capacity: capacity) }
            arena.truncate(to: 0)
        } else {
            swap(&arena, &full)
        }
        let isSparse = records.count < records.capacity / 2
        let storageBytes = full.capacity
        let batch = EventBatch(
            source: source, records: isSparse ? records.map { $0 } : records, streams: streams,
            transactions: transactions, acknowledge: acknowledge, receivedAt: receivedAt, base: full.takeStorage(),
            byteCount: byteCount, storageBytes: storageBytes)
        if isSparse {
            records.removeAll(keepingCapacity: true)
        } else {
            records = []
            records.reserveCapacity(batch.records.count)
        }
        streams.removeAll(keepingCapacity: true)
        transactions.removeAll(keepingCapacity: true)
        return batch
    }
}
