import Synchronization

/// Events that travel together: one arena of UTF-8 JSON and a record per event. Immutable, shared by all lanes.
///
/// Made by ``EventBatchBuilder/seal(source:acknowledge:)``. Bytes are read by ``withBytes(of:_:)`` or ``bytes(of:)``, valid as long
/// as the batch lives.
public final class EventBatch: Sendable {
    /// The source these events came from.
    public let source: SourceIdentity
    /// The events, in order; their positions increase.
    public let records: [EventRecord]
    /// Tables or kinds of event, by ``EventRecord/stream``.
    public let streams: [StreamDescriptor]
    /// By ``EventRecord/transaction``.
    public let transactions: [TransactionInfo]
    /// Once this batch and all before it are settled, the source may forget everything up to here (an `end_lsn`, or a
    /// spool offset); 0 where the batch ends inside a transaction.
    public let acknowledge: UInt64
    /// When the batch was taken in: microseconds since the Unix epoch.
    public let receivedAt: Int64
    /// Bytes of JSON in the arena.
    public let byteCount: Int
    /// Bytes that the arena takes.
    private let storageBytes: Int
    /// Where each stream's records begin and end.
    package let extents: [StreamExtent]
    // Written only while the batch is built, by its one owner; read-only ever after, so sharing it is safe.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    private let renderings = Mutex<[Rendering]>([])

    /// Not kept alive: a rendering is several times as large as the batch, and a batch waits for its flush in every lane. Lanes
    /// that write at about the same time share it; one that comes later has it made again.
    private struct Rendering {
        var format: EventFormat
        weak var batch: RenderedBatch?
    }

    init(
        source: SourceIdentity, records: [EventRecord], streams: [StreamDescriptor], transactions: [TransactionInfo],
        acknowledge: UInt64, receivedAt: Int64, base: UnsafeMutableRawPointer, byteCount: Int,
        storageBytes: Int
    ) {
        self.source = source
        self.records = records
        self.streams = streams
        extents = StreamExtent.all(of: records, streams: streams.count)
        self.transactions = transactions
        self.acknowledge = acknowledge
        self.receivedAt = receivedAt
        self.base = base
        self.byteCount = byteCount
        self.storageBytes = storageBytes
    }

    deinit { base.deallocate() }

    /// The bytes of a range of this batch. Valid while the batch is alive: keep a reference to it.
    public func bytes(of range: ByteRange) -> UnsafeRawBufferPointer {
        precondition(Int(range.offset) + Int(range.count) <= byteCount)
        return UnsafeRawBufferPointer(start: base + Int(range.offset), count: Int(range.count))
    }

    /// The bytes of a range as a string. For messages and tests, not for the path of every event.
    public func text(of range: ByteRange) -> String { String(decoding: bytes(of: range), as: UTF8.self) }

    /// This batch in a format: rendered by the first lane that asks, shared by the others as long as one of them holds it.
    public func rendered(as format: EventFormat, by renderer: EventRenderer) -> RenderedBatch {
        renderings.withLock { known in
            if let hit = known.first(where: { $0.format == format })?.batch { return hit }
            let batch = renderer.render(self, as: format)
            known.removeAll { $0.format == format }
            known.append(Rendering(format: format, batch: batch))
            return batch
        }
    }

    /// The table, or kind of event, of one record.
    public func stream(of record: EventRecord) -> StreamDescriptor { streams[Int(record.stream)] }

    /// The transaction of one record; nil where it belongs to none.
    public func transaction(of record: EventRecord) -> TransactionInfo? {
        record.transaction == .max ? nil : transactions[Int(record.transaction)]
    }

    /// Bytes of memory that this batch accounts for in queues.
    public var memoryCost: Int { storageBytes + records.count * MemoryLayout<EventRecord>.stride }
}

/// Consecutive records of a batch: what a lane hands to a sink.
public struct BatchSlice: Sendable {
    /// The batch that the records are of.
    public let batch: EventBatch
    /// Indices into the batch's records.
    public let range: Range<Int>

    /// Some records of a batch, or all of them.
    public init(_ batch: EventBatch, range: Range<Int>? = nil) {
        self.batch = batch
        self.range = range ?? batch.records.indices
    }

    /// How many records.
    public var count: Int { range.count }
}
