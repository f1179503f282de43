public import CoreIngest

/// Builds batches for tests: changes of one small table, with positions that only grow.
///
/// ```swift
/// var batches = TestBatch()
/// let batch = batches.inserts(3)
/// ```
public struct TestBatch {
    /// One change to be put into a batch.
    public struct Change {
        /// Value of the key column `id`.
        public var id: Int
        /// What happened.
        public var operation: CoreIngest.Operation
        /// Text of the column `note`.
        public var note: String
        /// Marked as refused by its schema.
        public var isInvalid: Bool

        /// A change of the row `id`.
        public init(id: Int, operation: CoreIngest.Operation = .create, note: String = "note", isInvalid: Bool = false)
        {
            self.id = id
            self.operation = operation
            self.note = note
            self.isInvalid = isInvalid
        }
    }

    /// The history that the events come from.
    public var source: SourceIdentity
    /// The table: `public.items (id int8 primary key, note text)` by default.
    public let stream: StreamDescriptor
    /// Commit position of the next transaction.
    public var nextCommit: UInt64
    private var nextID = 1

    /// `commit`: position of the first transaction. `table`: its name.
    public init(source: String = "shop", systemIdentifier: UInt64 = 1, commit: UInt64 = 100, table: String = "items") {
        self.source = SourceIdentity(name: source, systemIdentifier: systemIdentifier)
        nextCommit = commit
        stream = Self.stream(table: table)
    }

    /// One transaction that inserts so many new rows, with keys that go on counting.
    public mutating func inserts(_ count: Int, note: String = "note") -> EventBatch {
        let changes = (0..<count).map { Change(id: nextID + $0, note: note) }
        nextID += count
        return transaction(changes)
    }

    /// One transaction of these changes, as a batch of its own. `acknowledge` is the end of its commit.
    public mutating func transaction(_ changes: [Change]) -> EventBatch {
        var builder = EventBatchBuilder(capacity: 256)
        let acknowledge = fill(&builder, changes)
        return builder.seal(source: source, acknowledge: acknowledge, receivedAt: Timestamp.now())
    }

    /// Adds one transaction of these changes to a builder, and answers the end of its commit.
    public mutating func fill(_ builder: inout EventBatchBuilder, _ changes: [Change]) -> UInt64 {
        let commit = nextCommit
        nextCommit += 10
        let time = Timestamp.now()
        let transaction = builder.add(
            TransactionInfo(
                commitLSN: LogSequenceNumber(commit), xid: UInt32(truncatingIfNeeded: commit), commitTime: time))
        let stream = builder.index(of: stream)
        for (ordinal, change) in changes.enumerated() {
            append(
                change, position: Position(commit: commit, ordinal: UInt64(ordinal)), time: time, stream: stream,
                transaction: transaction, to: &builder)
        }
        return commit + 5
    }

    private func append(
        _ change: Change, position: Position, time: Int64, stream: UInt32, transaction: UInt32,
        to builder: inout EventBatchBuilder
    ) {
        var record = EventRecord()
        record.uuidHigh = position.commit << 16 | 0x8000
        record.uuidLow = 0x8000_0000_0000_0000 | (position.ordinal + 1)
        record.timestamp = time
        record.position = position
        record.lsn = LogSequenceNumber(position.commit)
        record.operation = change.operation
        record.stream = stream
        record.transaction = transaction
        guard !change.operation.isControl else { return builder.append(record) }
        record.keyHash = UInt64(change.id) &* 0x9E37_79B9_7F4A_7C15
        var start = builder.arena.count
        builder.arena.append("{\"id\":")
        builder.arena.append(decimal: Int64(change.id))
        builder.arena.append("}")
        record.key = ByteRange(from: start, to: builder.arena.count)
        start = builder.arena.count
        builder.arena.append("{\"id\":")
        builder.arena.append(decimal: Int64(change.id))
        if change.operation != .delete {
            builder.arena.append(",\"note\":")
            builder.arena.appendJSONString(text: change.note)
        }
        builder.arena.append("}")
        record.payload = ByteRange(from: start, to: builder.arena.count)
        if change.isInvalid {
            record.flags.insert(.invalid)
            start = builder.arena.count
            builder.arena.append("{\"message\":\"not valid\",\"groupKey\":\"0123456789abcdef\",\"errors\":[]}")
            record.validationError = ByteRange(from: start, to: builder.arena.count)
        }
        builder.append(record)
    }

    private static func stream(table: String) -> StreamDescriptor {
        guard let schema = SchemaName(vendor: "com.example", name: "public_items", version: .first) else {
            preconditionFailure("The name is well formed.")
        }
        return StreamDescriptor(
            database: "shop", schemaName: "public", table: table,
            columns: [
                StreamDescriptor.Column(
                    name: "id", sqlType: "bigint", kind: .integer(bits: 64), isNullable: false, isKey: true, typeOID: 20
                ),
                StreamDescriptor.Column(name: "note", sqlType: "text", kind: .string(maxLength: nil), typeOID: 25),
            ], keyColumns: [0], schema: schema, validator: nil)
    }
}
