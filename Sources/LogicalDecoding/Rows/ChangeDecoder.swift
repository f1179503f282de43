package import CoreIngest

/// Turns pgoutput messages into records of a batch. A state machine without I/O.
///
/// Asked for: text values, no streaming of transactions that are still running, no two-phase commit. Transactions then
/// come whole, in the order of their commit LSNs. Every row, truncated table and transactional message of a transaction
/// takes the next ordinal, whether an event is made of it or not.
///
/// Logical messages that are not transactional come between transactions, as soon as the server reads them from its
/// log. Their position is their own LSN with ordinal 0. That is unique and increases with the delivery, because it is
/// the start of a record of the same log as all commit records: a transaction delivered before has its commit record
/// before, one delivered after has it after.
package struct ChangeDecoder: ~Copyable {
    let settings: DecoderSettings
    private let streams: StreamCache
    /// Types and tables. Replace it as a whole, at any time between two messages.
    package var catalog: Catalog {
        didSet { slots.forgetPlans() }
    }
    var slots = RelationSlots()
    var rows = RowWriter()
    /// Checks rows where their table has a contract that can be checked by columns.
    var evaluator = SchemaEvaluator()
    /// The transaction whose Commit has not come yet.
    var transaction: OpenTransaction?
    /// Number of the batch that is being built.
    var batch: UInt64 = 0
    /// The last transaction that came whole.
    var lastCommit: CommitMark?
    private let systemBits: UInt64
    private let inheritedBits: UInt64
    private let inheritedEnd: UInt64
    let messageStream: StreamDescriptor
    private var streamRevision: UInt64

    struct OpenTransaction {
        var info: TransactionInfo
        /// The next event's.
        var ordinal: UInt64 = 0
        /// The history's part of its events' ids.
        var system: UInt64
        /// Index in the batch that was numbered `batch`.
        var index: UInt32 = 0
        var batch: UInt64 = .max
    }

    /// Whether a Begin has come without its Commit.
    package var isInTransaction: Bool { transaction != nil }

    package init(settings: DecoderSettings, catalog: Catalog, streams: StreamCache) {
        self.settings = settings
        self.catalog = catalog
        self.streams = streams
        streamRevision = streams.revision
        systemBits = EventID.systemBits(settings.source)
        inheritedBits = settings.predecessor.map { EventID.systemBits($0.identity) } ?? 0
        inheritedEnd = settings.predecessor?.end ?? 0
        messageStream = StreamDescriptor(
            database: settings.database, schemaName: "", table: "", columns: [], keyColumns: [],
            schema: EventSchemas.message, validator: nil)
    }

    /// Takes one pgoutput message, without the header of XLogData, and writes its events to the builder. On an error
    /// nothing was written. `walStart`: the LSN in that header. `sentAt`: the time in that header as microseconds since
    /// the Unix epoch; it stamps messages outside transactions, which have no other.
    package mutating func decode(
        _ message: UnsafeRawBufferPointer, walStart: LogSequenceNumber, sentAt: Int64 = 0,
        into builder: inout EventBatchBuilder
    ) throws(DecodingError) -> DecodedMessage {
        var reader = try MessageReader(message)
        let start = builder.arena.count
        do {
            switch reader.type {
            case UInt8(ascii: "I"), UInt8(ascii: "U"), UInt8(ascii: "D"):
                return try decodeRow(&reader, walStart: walStart, into: &builder)
            default:
                let parsed = try PgOutputMessage(from: &reader)
                return try decodeControl(parsed, reader, walStart: walStart, sentAt: sentAt, into: &builder)
            }
        } catch {
            builder.arena.truncate(to: start)
            throw error
        }
    }

    /// The history's part of the ids of events at this place of the log.
    func systemBits(at lsn: LogSequenceNumber) -> UInt64 { lsn.rawValue < inheritedEnd ? inheritedBits : systemBits }

    /// Forgets announced relations and the open transaction: call it for each new connection.
    package mutating func reset() {
        slots.removeAll()
        transaction = nil
    }

    /// Descriptors are asked for again where they have been replaced. Cheap where they have not; between two messages.
    package mutating func followStreams() {
        let revision = streams.revision
        if revision == streamRevision { return }
        streamRevision = revision
        slots.forgetPlans()
    }

    /// The builder was sealed, perhaps inside a transaction: indices of streams and transactions start anew.
    package mutating func batchSealed() { batch &+= 1 }

    /// The plan of a relation that was announced, made now if `event` is its first change. Throws ``DecodingError/Code/held``
    /// where its events are not to be read.
    @inline(__always)
    mutating func plan(_ slot: Int, for event: Position) throws(DecodingError) -> RelationPlan {
        if let plan = slots[slot].plan { return plan }
        return try makePlan(slot, for: event)
    }

    @inline(never)
    private mutating func makePlan(_ slot: Int, for event: Position) throws(DecodingError) -> RelationPlan {
        let plan = RelationPlan(
            slots[slot].relation, database: settings.database, catalog: catalog, streams: streams)
        // Before anything is remembered of the event: after the next start it is the first again.
        if let hold = plan.stream?.hold, hold.action == .pause { throw DecodingError(.held, hold.message) }
        slots[slot].plan = plan
        if plan.stream != nil {
            slots[slot].announcement = streams.announcement(
                of: plan.shape, before: event, in: settings.source, isSnapshot: false)
        }
        return plan
    }

    /// Writes what is to be announced before an event. Call it when nothing of the event can fail any more.
    @inline(__always)
    mutating func announce(
        _ slot: Int, before event: EventRecord, _ reader: borrowing MessageReader, into builder: inout EventBatchBuilder
    ) throws(DecodingError) {
        guard let announcement = slots[slot].announcement else { return }
        slots[slot].announcement = nil
        var record = EventRecord(announcing: announcement, before: event, system: systemBits)
        let start = builder.arena.count
        builder.arena.append(announcement.payload)
        record.payload = try Self.range(start, builder.arena.count, reader)
        record.stream = builder.index(of: announcement.stream)
        record.transaction = transactionIndex(in: &builder)
        builder.append(record)
    }

    /// Index of a table's stream in the batch.
    @inline(__always)
    mutating func streamIndex(_ slot: Int, _ stream: StreamDescriptor, in builder: inout EventBatchBuilder) -> UInt32 {
        if slots[slot].batch == batch { return slots[slot].stream }
        let index = builder.index(of: stream)
        slots[slot].stream = index
        slots[slot].batch = batch
        return index
    }

    /// A record of the open transaction with the next ordinal; `nil` reader position for errors is the message's
    /// beginning.
    @inline(__always)
    mutating func nextRecord(
        _ operation: Operation, _ reader: borrowing MessageReader, walStart: LogSequenceNumber
    ) throws(DecodingError) -> EventRecord {
        guard let open = transaction else {
            throw reader.error(.outOfOrder, "a change outside a transaction; reconnect", at: 0)
        }
        transaction?.ordinal = open.ordinal &+ 1
        var record = EventRecord()
        record.operation = operation
        record.position = Position(commit: open.info.commitLSN.rawValue, ordinal: open.ordinal)
        record.timestamp = open.info.commitTime
        record.lsn = walStart
        (record.uuidHigh, record.uuidLow) = EventID.change(
            commit: open.info.commitLSN.rawValue, ordinal: open.ordinal, system: open.system)
        return record
    }

    /// Index of the open transaction in the batch.
    @inline(__always)
    mutating func transactionIndex(in builder: inout EventBatchBuilder) -> UInt32 {
        guard let open = transaction else { return .max }
        if open.batch == batch { return open.index }
        let index = builder.add(open.info)
        transaction?.index = index
        transaction?.batch = batch
        return index
    }
}

extension EventRecord {
    /// The announcement directly before an event, without its bytes and its indices in the batch.
    init(announcing announcement: SchemaAnnouncement, before event: EventRecord, system: UInt64) {
        self.init()
        operation = .schemaChange
        position = .before(event.position)
        timestamp = event.timestamp
        lsn = event.lsn
        flags = event.flags.intersection(.snapshot)
        (uuidHigh, uuidLow) = EventID.announcement(before: event.position, system: system)
    }
}
