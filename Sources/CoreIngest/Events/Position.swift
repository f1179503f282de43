/// Where an event stands in its source: unique, and strictly increasing in the order of delivery.
///
/// For changes `commit` is the commit LSN of the transaction and `ordinal` the event's number in it, from 0, counted
/// before any filter so that it is the same at every replay. Rows of a snapshot taken at LSN `s` have commit `s - 1`:
/// before all that streams after it. For collected events `commit` is the spool's offset.
///
/// An announcement, such as that of a table's new schema, stands between two events and takes no number, so that the numbers of
/// events do not depend on what was announced when: see ``before(_:)``.
@frozen public struct Position: Comparable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// Orders transactions: a commit LSN, or a spool offset.
    public var commit: UInt64
    /// Number of the event under the same ``commit``, from 0; with the highest bit set, that of an announcement directly behind it.
    /// To be stored and compared as it is; ``number`` is for people.
    public var ordinal: UInt64

    /// A position by its parts.
    @inlinable public init(commit: UInt64, ordinal: UInt64) {
        self.commit = commit
        self.ordinal = ordinal
    }

    /// Before every event.
    public static var start: Position { @inlinable get { Position(commit: 0, ordinal: 0) } }

    /// By commit, then by ordinal. Only positions of one history can be compared.
    @inlinable public static func < (left: Self, right: Self) -> Bool {
        left.commit != right.commit ? left.commit < right.commit : left.rank < right.rank
    }

    /// Directly before an event: where what announces it stands.
    public static func before(_ event: Position) -> Position {
        // Commit LSNs are multiples of eight, so nothing else is at the one before.
        event.ordinal == 0
            ? Position(commit: event.commit &- 1, ordinal: .max)
            : Position(commit: event.commit, ordinal: (event.ordinal - 1) | announcement)
    }

    /// The highest bit.
    @usableFromInline static var announcement: UInt64 { 1 << 63 }

    /// Orders announcements behind their event.
    @inlinable var rank: UInt64 { ordinal << 1 | ordinal >> 63 }

    /// Whether this is between two events, and not an event's own.
    public var isAnnouncement: Bool { ordinal >= Self.announcement }

    /// The event's number under its commit; for an announcement that of the event that it comes before.
    public var number: UInt64 { isAnnouncement ? (ordinal &+ 1) & ~Self.announcement : ordinal }

    /// The commit that ``number`` counts in.
    public var eventCommit: UInt64 { ordinal == .max ? commit &+ 1 : commit }

    /// The last position before this one.
    public var predecessor: Position {
        if isAnnouncement { return Position(commit: commit, ordinal: ordinal & ~Self.announcement) }
        return self == .start ? .start : .before(self)
    }

    /// `0/1F0A018+1`, or `0/1F0A018<1` directly before it, for people.
    public var description: String { "\(LogSequenceNumber(eventCommit))\(isAnnouncement ? "<" : "+")\(number)" }
}
