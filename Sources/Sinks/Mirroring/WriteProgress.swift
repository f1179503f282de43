import CoreIngest

/// How far one write of a sink comes in each history, where the position is stored in the transaction of the data: what is stored already
/// is left out, and what is refused is remembered until the lane has it among its dead letters.
struct WriteProgress {
    /// What was stored when the transaction began.
    var stored: [SourceIdentity: ResumedSource] = [:]
    /// The last event of each history that came by.
    private var last: [SourceIdentity: Position] = [:]
    private var refused: [SourceIdentity: [Position]] = [:]

    /// Whether an event is stored already.
    func holds(_ position: Position, of source: SourceIdentity) -> Bool {
        guard let known = stored[source] else { return false }
        return position <= known.stored && !known.rejected.contains(position)
    }

    /// An event was taken, refused, or left out as it is stored. In the order of the source.
    mutating func passed(_ position: Position, of source: SourceIdentity) { last[source] = position }

    /// An event is refused for ever, while the others are stored.
    mutating func refuse(_ position: Position, of source: SourceIdentity) {
        refused[source, default: []].append(position)
    }

    /// What is to be stored: by history how far it came, and which events up to there may not be dead letters yet.
    var resumptions: [(source: SourceIdentity, resumption: ResumedSource)] {
        last.map { source, position in
            let known = stored[source]
            var rejected = Set(refused[source] ?? [])
            // Refused before, and still to come.
            if let known { rejected.formUnion(known.rejected.filter { $0 > position }) }
            return (source, ResumedSource(stored: max(known?.stored ?? .start, position), rejected: rejected))
        }
    }
}

extension EventRecord {
    /// Whether it concerns a table, and so goes to its mirror where there is one.
    var goesToMirror: Bool {
        switch operation {
        case .create, .update, .delete, .read, .truncate, .schemaChange, .snapshotBegin, .snapshotEnd: true
        case .none, .message: false
        }
    }
}
