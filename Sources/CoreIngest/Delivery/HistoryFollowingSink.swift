/// A sink that finds out by itself, and not in ``Sink/open()``, how far a history is in its destination.
package protocol HistoryFollowingSink: Sink {
    /// A history continues another one, as a promoted server's does: what lies before the switch is part of both, and what the
    /// destination has of it must not be stored again. Called on the lane's thread, between other calls, before the first event of
    /// that history is written.
    func follow(_ source: SourceIdentity, _ predecessor: Predecessor)
}
