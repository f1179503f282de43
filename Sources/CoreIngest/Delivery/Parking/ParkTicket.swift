/// Where a batch lies in a park: the place just past it.
struct ParkTicket: Sendable, Equatable, Comparable {
    var segment: UInt64
    var end: Int

    /// Before everything.
    static let start = ParkTicket(segment: 1, end: 0)

    static func < (left: Self, right: Self) -> Bool { (left.segment, left.end) < (right.segment, right.end) }
}
