package import CoreIngest

/// What is remembered of one source across restarts: which history it reads, and up to where it is delivered.
///
/// Written before the server is told: a crash between the two repeats changes, the reverse order would lose them.
package struct SourceCheckpoint: Sendable, Equatable {
    /// Of the cluster, as IDENTIFY_SYSTEM answers it: the same after restart and failover, another after initdb.
    package var systemIdentifier: UInt64
    package var timeline: UInt32
    /// Where that timeline began: two that were begun apart may have the same number. 0/0 for the first, or when it was not noted.
    package var timelineBegan: LogSequenceNumber
    /// Drawn when positions began anew: see ``SourceIdentity/generation``.
    package var generation: UInt64
    /// The history that this one continues after a failover; nil when it continues none.
    package var predecessor: Ancestry?
    package var database: String
    package var slot: String
    package var publication: String
    /// Where the slot began: all that committed before is in the snapshot, all after in the stream. 0/0 while it is created.
    package var consistentPoint: LogSequenceNumber
    /// Everything up to here is settled, and the server may be told.
    package var confirmed: LogSequenceNumber
    package var snapshot: SnapshotState
    /// A transaction that was delivered, the last that is known well enough to be found again.
    package var witness: CommitMark?

    /// An earlier generation, and up to where this one is the same.
    package struct Ancestry: Sendable, Equatable {
        package var generation: UInt64
        package var end: LogSequenceNumber

        package init(generation: UInt64, end: LogSequenceNumber) {
            self.generation = generation
            self.end = end
        }
    }

    package enum SnapshotState: String, Sendable, CaseIterable {
        /// None was asked for.
        case none
        /// Begun, and not wholly delivered: after a crash slot and snapshot start over.
        case running
        /// Every row is delivered.
        case done
    }

    package init(
        systemIdentifier: UInt64, timeline: UInt32, timelineBegan: LogSequenceNumber = .none, generation: UInt64,
        predecessor: Ancestry? = nil, database: String, slot: String, publication: String,
        consistentPoint: LogSequenceNumber, confirmed: LogSequenceNumber, snapshot: SnapshotState,
        witness: CommitMark? = nil
    ) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
        self.timelineBegan = timelineBegan
        self.generation = generation
        self.predecessor = predecessor
        self.database = database
        self.slot = slot
        self.publication = publication
        self.consistentPoint = consistentPoint
        self.confirmed = confirmed
        self.snapshot = snapshot
        self.witness = witness
    }

    func isSameHistory(as other: Self) -> Bool {
        generation == other.generation && consistentPoint == other.consistentPoint
    }

    /// The history that it speaks of.
    package func identity(of source: String) -> SourceIdentity {
        SourceIdentity(name: source, systemIdentifier: systemIdentifier, generation: generation)
    }

    /// The history before it.
    package func predecessor(of source: String) -> Predecessor? {
        predecessor.map {
            Predecessor(
                identity: SourceIdentity(
                    name: source, systemIdentifier: systemIdentifier, generation: $0.generation), end: $0.end.rawValue)
        }
    }
}

/// Where the checkpoint of one source is kept. Called on one thread of the source at a time, and may block on the disk.
package protocol CheckpointStore: Sendable {
    /// Nil before the first save.
    func load() throws -> SourceCheckpoint?
    /// Durable when it returns.
    func save(_ checkpoint: SourceCheckpoint) throws
}
