package import CoreIngest

/// What is remembered of one source across restarts: which history it reads, and up to where it is delivered.
///
/// Written before the server is told: a crash between the two repeats changes, the reverse order would lose them.
package struct SourceCheckpoint: Sendable, Equatable {
    /// Of the cluster, as IDENTIFY_SYSTEM answers it: the same after restart and failover, another after initdb.
    package var systemIdentifier: UInt64
    package var timeline: UInt32
    package var database: String
    package var slot: String
    package var publication: String
    /// Where the slot began: all that committed before is in the snapshot, all after in the stream. 0/0 while it is created.
    package var consistentPoint: LogSequenceNumber
    /// Everything up to here is settled, and the server may be told.
    package var confirmed: LogSequenceNumber
    package var snapshot: SnapshotState

    package enum SnapshotState: String, Sendable, CaseIterable {
        /// None was asked for.
        case none
        /// Begun, and not wholly delivered: after a crash slot and snapshot start over.
        case running
        /// Every row is delivered.
        case done
    }

    package init(
        systemIdentifier: UInt64, timeline: UInt32, database: String, slot: String, publication: String,
        consistentPoint: LogSequenceNumber, confirmed: LogSequenceNumber, snapshot: SnapshotState
    ) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.database = database
        self.slot = slot
        self.publication = publication
        self.consistentPoint = consistentPoint
        self.confirmed = confirmed
        self.snapshot = snapshot
    }
}

/// Where the checkpoint of one source is kept. Called on one thread of the source at a time, and may block on the disk.
package protocol CheckpointStore: Sendable {
    /// Nil before the first save.
    func load() throws -> SourceCheckpoint?
    /// Durable when it returns.
    func save(_ checkpoint: SourceCheckpoint) throws
}
