import CoreIngest

/// How far the events of each source are in a table.
struct AppendedPositions: Equatable {
    struct Reached: Equatable {
        /// All events up to here were appended, but for the refused ones.
        var position: Position
        /// Events that BigQuery refused, and that may not be among the lane's dead letters yet.
        var refused: Set<Position> = []
    }

    private(set) var reached: [SourceIdentity: Reached] = [:]

    init(_ reached: [SourceIdentity: Reached] = [:]) { self.reached = reached }

    /// Whether an event is in the table.
    func holds(_ position: Position, of source: SourceIdentity) -> Bool {
        guard let known = reached[source] else { return false }
        return position <= known.position && !known.refused.contains(position)
    }

    /// An event that is in the table, with all before it that are not refused.
    mutating func append(_ position: Position, of source: SourceIdentity) {
        var known = reached[source] ?? Reached(position: position)
        known.position = max(known.position, position)
        known.refused.remove(position)
        reached[source] = known
    }

    mutating func refuse(_ position: Position, of source: SourceIdentity) {
        reached[source, default: Reached(position: .start)].refused.insert(position)
    }

    /// The lane goes on with an event: what was refused before it is among its dead letters.
    mutating func settleRefusals(before position: Position, of source: SourceIdentity) {
        guard let known = reached[source], !known.refused.isEmpty else { return }
        reached[source]?.refused = known.refused.filter { $0 >= position }
    }

    /// By source the position from which on events have to come again.
    var floors: [SourceIdentity: Position] {
        reached.mapValues { ResumedSource(stored: $0.position, rejected: $0.refused).floor }
    }
}
