import CoreIngest

/// One source as a new session finds it.
struct ResumedSource {
    /// The last position that is stored.
    var stored: Position
    /// Events up to there that were refused, and may not be in the lane's dead letters.
    var rejected: Set<Position>

    /// Reads `commit/ordinal` of some positions, with blanks between them.
    static func positions(from text: String) -> Set<Position> {
        var found: Set<Position> = []
        for entry in text.split(separator: " ") {
            let halves = entry.split(separator: "/")
            guard halves.count == 2, let commit = UInt64(halves[0]), let ordinal = UInt64(halves[1]) else { continue }
            found.insert(Position(commit: commit, ordinal: ordinal))
        }
        return found
    }

    /// The position to continue from: just before the first refused event.
    var floor: Position {
        guard let first = rejected.min(), first <= stored else { return stored }
        return first.predecessor
    }

    /// Whether an event is stored already, and only sent again because of a refused one before it.
    func holds(_ position: Position) -> Bool {
        position > floor && position <= stored && !rejected.contains(position)
    }
}
