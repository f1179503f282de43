import CoreIngest
import Logging

/// Which history is read, and what is remembered of it.
extension SourceRunner {
    /// The history that is read from now on, as it is remembered; and it is told to those who ask.
    func history() throws(SourceError) -> (source: SourceIdentity, predecessor: Predecessor?) {
        guard let checkpoint = keeper.current else {
            throw SourceError(.checkpointFailed, "input \(settings.name) has no checkpoint: look at app.stateDir")
        }
        let source = checkpoint.identity(of: settings.name)
        identity.set(source)
        return (source, checkpoint.predecessor(of: settings.name))
    }

    func remember(
        _ point: LogSequenceNumber, system: SystemIdentity, generation: UInt64,
        snapshot: SourceCheckpoint.SnapshotState
    ) throws(SourceError) {
        try keeper.begin(
            SourceCheckpoint(
                systemIdentifier: system.systemIdentifier, timeline: system.timeline,
                timelineBegan: system.lineage.began, generation: generation, database: system.database,
                slot: settings.slot, publication: settings.publication, consistentPoint: point, confirmed: point,
                snapshot: snapshot))
    }

    /// Takes over a slot at a position that the state did not know.
    mutating func adopt(_ position: LogSequenceNumber, system: SystemIdentity) throws(SourceError) {
        log.warning("reading slot \(settings.slot) from where it stands", metadata: ["position": "\(position)"])
        handedOver = .none
        try remember(position, system: system, generation: .random(in: 1...UInt64.max), snapshot: .none)
    }

    /// A failover, or a recovery to a point in time that kept all that was delivered, starts a new timeline. Sinks may have had more
    /// than was acknowledged, of a log that is no more: so a new history begins, which continues the old one up to the switch.
    mutating func follow(_ system: SystemIdentity) throws(SourceError) {
        guard var checkpoint = keeper.current else { return }
        let shared = system.lineage.shared(with: checkpoint.timeline, began: checkpoint.timelineBegan)
        guard case .upTo(let end) = shared else {
            if checkpoint.timelineBegan != system.lineage.began {
                checkpoint.timelineBegan = system.lineage.began
                try keeper.begin(checkpoint)
            }
            return
        }
        log.warning(
            "the server went over to another timeline: reading on from what was acknowledged",
            metadata: ["was": "\(checkpoint.timeline)", "is": "\(system.timeline)", "from": "\(end)"])
        checkpoint.predecessor = SourceCheckpoint.Ancestry(generation: checkpoint.generation, end: end)
        checkpoint.generation = .random(in: 1...UInt64.max)
        checkpoint.timeline = system.timeline
        checkpoint.timelineBegan = system.lineage.began
        handedOver = .none
        try keeper.begin(checkpoint)
    }
}
