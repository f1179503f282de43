/// What happened to the row, with the letter that events carry.
@frozen public enum Operation: UInt8, Sendable, BitwiseCopyable {
    /// Not a change: an event that was collected.
    case none = 0
    case create = 0x63  // c
    case update = 0x75  // u
    case delete = 0x64  // d
    case read = 0x72  // r, a row of a snapshot
    case truncate = 0x74  // t
    case message = 0x6D  // m, pg_logical_emit_message
    /// Not a change of rows: what follows of this table has another schema. A mirror, which follows its table itself, leaves it out.
    case schemaChange = 0x73  // s
    /// Control, never delivered as an event: the rows of a snapshot of this stream follow. A mirror empties its table.
    case snapshotBegin = 0x5B  // [
    /// Control, never delivered as an event: the snapshot of this stream is complete.
    case snapshotEnd = 0x5D  // ]

    /// Whether this record is a control mark, which no format renders.
    public var isControl: Bool { @inlinable get { self == .snapshotBegin || self == .snapshotEnd } }
}

/// One event: where its bytes lie in the batch's arena, and what is known of it without reading them.
@frozen public struct EventRecord: BitwiseCopyable, Sendable {
    /// The event's id, all 128 bits, version and variant already set.
    public var uuidHigh: UInt64 = 0
    /// The lower half of the event's id.
    public var uuidLow: UInt64 = 0
    /// When it happened: microseconds since the Unix epoch.
    public var timestamp: Int64 = 0
    /// Where it stands in its source.
    public var position: Position = .start
    /// The change's own LSN; 0 where there is none.
    public var lsn: LogSequenceNumber = .none
    /// Hash of stream and key: equal keys go to the same place, in order. 0 where there is no key.
    public var keyHash: UInt64 = 0
    /// JSON object: the row after the change, or the old key or row of a delete.
    public var payload: ByteRange = .none
    /// JSON object of the key's columns, with the values after the change; empty where the table has none.
    public var key: ByteRange = .none
    /// JSON object: the old row, or the old key when only that is known (see ``Flags/beforeIsKeyOnly``).
    public var before: ByteRange = .none
    /// The inside of a JSON array of column names that the source did not send, e.g. `"bio","photo"`.
    public var unchanged: ByteRange = .none
    /// The inside of a JSON object of further contexts, keyed by schema name.
    public var contexts: ByteRange = .none
    /// JSON, when ``Flags/invalid`` is set.
    public var validationError: ByteRange = .none
    /// Index into the batch's streams.
    public var stream: UInt32 = 0
    /// Index into the batch's transactions; `UInt32.max` where there is none.
    public var transaction: UInt32 = .max
    /// What happened.
    public var operation: Operation = .none
    /// What else is known of it.
    public var flags: Flags = []

    /// A record with nothing set.
    @inlinable public init() {}

    /// Yes or no about an event.
    @frozen public struct Flags: OptionSet, Sendable, BitwiseCopyable {
        /// One bit each.
        public var rawValue: UInt8
        /// Flags by their bits.
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The schema, or a contract, refused it.
        public static var invalid: Flags { @inlinable get { Flags(rawValue: 1) } }
        /// A row of a snapshot.
        public static var snapshot: Flags { @inlinable get { Flags(rawValue: 2) } }
        /// `before` holds only the key's columns.
        public static var beforeIsKeyOnly: Flags { @inlinable get { Flags(rawValue: 4) } }
        /// The key's values changed: `before` holds the old ones.
        public static var keyChanged: Flags { @inlinable get { Flags(rawValue: 8) } }
        /// Some bytes were not UTF-8 and were replaced by U+FFFD.
        public static var repairedText: Flags { @inlinable get { Flags(rawValue: 16) } }
        /// Validation could not be done, as the schema could not be had.
        public static var schemaUnavailable: Flags { @inlinable get { Flags(rawValue: 32) } }
        /// Its table's schema changed in a way that the input's policy does not deliver.
        public static var schemaHeld: Flags { @inlinable get { Flags(rawValue: 64) } }
        /// The source has checked the payload against its stream's validator: it passes. ``Validation`` asks no more of it, unless the stream
        /// was renewed, and takes the flag away.
        package static var passed: Flags { Flags(rawValue: 128) }
        /// It is kept for a replay, and was not judged.
        package static var setAside: Flags { [.schemaUnavailable, .schemaHeld] }
    }

    /// Whether the schema, or a contract, refused it.
    @inlinable public var isInvalid: Bool { flags.contains(.invalid) }
}

/// The transaction that events of a batch belong to.
public struct TransactionInfo: Sendable, Equatable {
    /// Start of the commit record: orders transactions.
    public var commitLSN: LogSequenceNumber
    /// The transaction's number; 0 where there is none.
    public var xid: UInt32
    /// Microseconds since the Unix epoch.
    public var commitTime: Int64
    /// Replication origin, where the change came from another node.
    public var origin: String?

    /// A transaction by its parts.
    public init(commitLSN: LogSequenceNumber, xid: UInt32, commitTime: Int64, origin: String? = nil) {
        self.commitLSN = commitLSN
        self.xid = xid
        self.commitTime = commitTime
        self.origin = origin
    }
}
