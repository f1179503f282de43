/// Where a source hands its batches in. Implemented by ``Pipeline``; called on the source's own thread.
package protocol Intake: Sendable {
    /// Announces a source's history, before its first batch, and again after each reconnect. Answers the position from
    /// which events are wanted: what lies at or before it has been taken over already. `continues`: the history before it, whose
    /// positions sinks may remember.
    func begin(_ source: SourceIdentity, continues: Predecessor?) -> Position
    /// Validates the events and gives them to every lane. False when there is no room: nothing was taken; call again with the same
    /// builder after ``SourceSignals/roomAvailable``. On success the builder is empty.
    func offer(_ builder: inout EventBatchBuilder, from source: SourceIdentity, acknowledge: UInt64) -> Bool
    /// The source has nothing pending up to here: as soon as all that was offered is settled, `position` is acknowledged.
    func advance(_ source: SourceIdentity, to position: UInt64)
    /// Whether everything that was offered is settled: nothing of this source is on its way.
    func isSettled(_ source: SourceIdentity) -> Bool
}

/// What the pipeline tells a source. Called on any thread; must not block.
package protocol SourceSignals: AnyObject, Sendable {
    /// Everything up to `position` is delivered or durably dead-lettered or parked by every required sink, and that fact has
    /// been persisted: the source may tell its server.
    func acknowledged(_ source: SourceIdentity, upTo position: UInt64)
    /// There is room again after an offer was refused.
    func roomAvailable()
    /// A lane lost its place (its park was full) and has recovered: go back to the acknowledged position and send again
    /// what came after. Lanes leave out what they have.
    func replayNeeded(_ source: SourceIdentity)
}
