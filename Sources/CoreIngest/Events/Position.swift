/// Where an event stands in its source: unique, and strictly increasing in the order of delivery.
///
/// For changes `commit` is the commit LSN of the transaction and `ordinal` the event's number in it, from 0, counted
/// before any filter so that it is the same at every replay. Rows of a snapshot taken at LSN `s` have commit `s - 1`:
/// before all that streams after it. For collected events `commit` is the spool's offset.
@frozen public struct Position: Comparable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    public var commit: UInt64
    public var ordinal: UInt64

    @inlinable public init(commit: UInt64, ordinal: UInt64) {
        self.commit = commit
        self.ordinal = ordinal
    }

    /// Before every event.
    public static var start: Position { @inlinable get { Position(commit: 0, ordinal: 0) } }

    @inlinable public static func < (left: Self, right: Self) -> Bool {
        left.commit != right.commit ? left.commit < right.commit : left.ordinal < right.ordinal
    }

    public var description: String { "\(LogSequenceNumber(commit))+\(ordinal)" }
}
