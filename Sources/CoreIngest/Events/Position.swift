/// Where an event stands in its source: unique, and strictly increasing in the order of delivery.
///
/// For changes `commit` is the commit LSN of the transaction and `ordinal` the event's number in it, from 0, counted
/// before any filter so that it is the same at every replay. Rows of a snapshot taken at LSN `s` have commit `s - 1`:
/// before all that streams after it. For collected events `commit` is the spool's offset.
@frozen public struct Position: Comparable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// Orders transactions: a commit LSN, or a spool offset.
    public var commit: UInt64
    /// Number of the event under the same ``commit``, from 0.
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
        left.commit != right.commit ? left.commit < right.commit : left.ordinal < right.ordinal
    }

    /// `0/1F0A018+1`, for people.
    public var description: String { "\(LogSequenceNumber(commit))+\(ordinal)" }
}
