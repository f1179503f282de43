/// Finds the events that a destination refuses, by writing halves: the part before a poison event is delivered first, so the
/// order stays. A state machine without I/O.
///
/// Costs at most about 2·log₂(n) writes for each poison event among n.
struct Bisection {
    /// Consecutive records of one of the slices.
    struct Piece: Equatable {
        var origin: Int
        var range: Range<Int>
    }

    /// The parts that are left, the next one last.
    private var parts: [[Piece]]

    init(ranges: [Range<Int>]) {
        let pieces = ranges.enumerated().map { Piece(origin: $0.offset, range: $0.element) }
            .filter { !$0.range.isEmpty }
        parts = pieces.isEmpty ? [] : [pieces]
    }

    /// The part to be written now; nil when all is done.
    var current: [Piece]? { parts.last }

    /// The current part was taken, or dealt with.
    mutating func delivered() { _ = parts.popLast() }

    /// The current part was refused as a whole. Answers the event to blame when it is a single one; it stays current until
    /// ``delivered()``.
    mutating func refused() -> Piece? {
        guard let part = parts.last else { return nil }
        let count = part.reduce(0) { $0 + $1.range.count }
        if count == 1 { return part.first }
        _ = parts.popLast()
        let (head, tail) = Self.split(part, after: count / 2)
        parts.append(tail)
        parts.append(head)
        return nil
    }

    private static func split(_ part: [Piece], after count: Int) -> ([Piece], [Piece]) {
        var head: [Piece] = []
        var tail: [Piece] = []
        var left = count
        for piece in part {
            let here = min(left, piece.range.count)
            let middle = piece.range.lowerBound + here
            if here > 0 { head.append(Piece(origin: piece.origin, range: piece.range.lowerBound..<middle)) }
            if here < piece.range.count {
                tail.append(Piece(origin: piece.origin, range: middle..<piece.range.upperBound))
            }
            left -= here
        }
        return (head, tail)
    }
}

extension LaneWindow.Gathered {
    /// The slices of a part, as a write of their own.
    func part(_ pieces: [Bisection.Piece]) -> LaneWindow.Gathered {
        LaneWindow.Gathered(
            slices: pieces.map { BatchSlice(slices[$0.origin].batch, range: $0.range) },
            owners: pieces.map { owners[$0.origin] }, cursor: cursor)
    }
}
