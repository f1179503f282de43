/// What is remembered of one table: the versions that its shapes got, and where in the stream it went from one to the next.
///
/// A value without I/O. A replay asks the same questions about the same positions, and must get the same answers: an announcement
/// belongs to the position at which it was made first.
struct SchemaHistory: Equatable {
    struct Entry: Equatable {
        var version: SchemaVersion
        var signature: TableSignature
        /// Whether rows of it may be delivered: see ``refusal(of:by:)``.
        var isAccepted = true
    }

    /// From the event at `position` on, the table has the version `to`.
    struct Move: Equatable {
        var position: Position
        var from: SchemaVersion
        var to: SchemaVersion
        /// Made at the beginning of a snapshot, which has another position when it starts over.
        var isSnapshot: Bool
    }

    /// The name part of the schema.
    var name: String
    /// Oldest first.
    var entries: [Entry] = []
    /// The history whose positions are meant, `SYSTEM/GENERATION`.
    var system: String?
    /// The version before the first move; nil before the first event.
    var base: SchemaVersion?
    /// In the order of positions.
    var moves: [Move] = []

    /// More are not remembered: what lies further back is not replayed any more.
    static let mostMoves = 64

    /// The version of a shape: the one that it had before, or the next after the latest.
    mutating func version(of signature: TableSignature) -> SchemaVersion {
        if let index = entries.lastIndex(where: { $0.signature.isSameShape(as: signature) }) {
            if entries[index].signature.key == nil { entries[index].signature.key = signature.key }
            entries[index].signature.learnRules(from: signature)
            return entries[index].version
        }
        let version =
            entries.last.map {
                $0.version.raised(by: SchemaDifference.between($0.signature, signature).change)
            } ?? SchemaVersion.first
        entries.append(Entry(version: version, signature: signature, isAccepted: entries.isEmpty))
        return version
    }

    /// The event at `position` is the first of a plan for rows of `version`: answers the move to announce before it.
    mutating func observe(
        _ version: SchemaVersion, at position: Position, of system: String, isSnapshot: Bool
    ) -> Move? {
        if self.system != system {
            base = moves.last?.to ?? base
            moves = []
            self.system = system
        }
        guard let base else {
            self.base = version
            return nil
        }
        if let index = moves.firstIndex(where: { $0.position == position }) {
            if moves[index].to == version { return moves[index] }
            moves.remove(at: index)
        }
        // A snapshot that starts over announces again, as what it announced before may have been lost with it.
        if isSnapshot, let last = moves.last, last.isSnapshot, last.to == version, last.position < position {
            moves[moves.count - 1].position = position
            return moves[moves.count - 1]
        }
        let next = moves.firstIndex { $0.position > position } ?? moves.count
        let before = next > 0 ? moves[next - 1].to : base
        guard before != version else { return nil }
        let move = Move(position: position, from: before, to: version, isSnapshot: isSnapshot)
        moves.insert(move, at: next)
        if moves.count > Self.mostMoves { self.base = moves.removeFirst().to }
        return move
    }

    /// What changed with a move; nil where a shape of it is not known any more.
    func difference(of move: Move) -> SchemaDifference? {
        guard let old = entries.last(where: { $0.version == move.from }),
            let new = entries.last(where: { $0.version == move.to })
        else { return nil }
        return SchemaDifference.between(old.signature, new.signature)
    }
}
