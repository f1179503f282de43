import CoreIngest

/// One source as a new session finds it.
struct ResumedSource {
    /// The last position that is stored.
    var stored: Position
    /// Events up to there that were refused, and may not be in the lane's dead letters.
    var rejected: Set<Position>

    init(stored: Position, rejected: Set<Position>) {
        self.stored = stored
        self.rejected = rejected
    }

    /// From columns of a table of positions: commit, ordinal and rejected events. Nil where they are none.
    init?(commit: String?, ordinal: String?, rejected: String?) {
        guard let commit = commit.flatMap({ UInt64($0) }), let ordinal = ordinal.flatMap({ UInt64($0) }) else {
            return nil
        }
        self.init(
            stored: Position(commit: commit, ordinal: ordinal), rejected: Self.positions(from: rejected ?? ""))
    }

    /// The rejected events as such a table has them.
    var rejectedText: String { rejected.sorted().map { "\($0.commit)/\($0.ordinal)" }.joined(separator: " ") }

    /// Reads `commit/ordinal` of some positions, with blanks between them.
    private static func positions(from text: String) -> Set<Position> {
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

extension SourceIdentity {
    /// From columns of a table of positions: name, system identifier and generation. Nil where they are none.
    init?(name: String?, system: String?, generation: String?) {
        guard let name, let system = system.flatMap({ UInt64($0) }), let generation = generation.flatMap({ UInt64($0) })
        else { return nil }
        self.init(name: name, systemIdentifier: system, generation: generation)
    }
}
