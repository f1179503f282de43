package import CoreIngest

/// How one source is doing, at one moment.
package struct SourceStatus: Sendable, Equatable {
    package var state: State = .stopped
    /// Up to here everything was read and handed over.
    package var received: LogSequenceNumber = .none
    /// Up to here the server has been told that it may forget.
    package var acknowledged: LogSequenceNumber = .none
    /// How far the server's log reaches, as last heard.
    package var serverEnd: LogSequenceNumber = .none
    /// When the last message came: microseconds since the Unix epoch; 0 before the first.
    package var lastMessageAt: Int64 = 0
    package var snapshot: SnapshotProgress?
    /// How often the connection was made anew.
    package var reconnects: Int = 0
    /// Rows and other events handed over since the start.
    package var events: UInt64 = 0
    package var transactions: UInt64 = 0
    /// Bytes of replication messages received since the start.
    package var receivedBytes: UInt64 = 0
    /// The error that a retry is waiting for, or that the source stopped with.
    package var lastError: SourceError?
    /// What the side connection last saw of the slot; nil before the first look.
    package var slot: SlotInfo?
    /// Intake has no room: reading is paused, liveness is not.
    package var isPaused: Bool = false
    /// Why nothing more is read: a table's schema changed, and the policy says pause. Liveness goes on.
    package var held: String?

    package enum State: String, Sendable, CaseIterable {
        case stopped
        case connecting
        /// Copying the tables.
        case snapshot
        case streaming
        /// Waiting to connect again.
        case retrying
        /// Handing over the rest.
        case stopping
        /// Stopped with ``SourceStatus/lastError``.
        case failed
    }

    package init() {}

    /// Bytes of log that the server has and this source has not handed over.
    package var lagBytes: UInt64 {
        serverEnd > received ? serverEnd.rawValue - received.rawValue : 0
    }
}

/// How far a snapshot has come. Sizes and rows of the whole are the planner's estimates.
package struct SnapshotProgress: Sendable, Equatable {
    package var table: String = ""
    package var tablesDone: Int = 0
    package var tables: Int = 0
    /// Of the table that is copied now.
    package var tableRows: UInt64 = 0
    package var tableEstimatedRows: UInt64 = 0
    /// Of all tables so far.
    package var rows: UInt64 = 0
    package var estimatedRows: UInt64 = 0
    package var bytes: UInt64 = 0
    package var elapsed: Duration = .zero

    package init() {}

    package var rowsPerSecond: Double {
        let seconds = elapsed / .seconds(1)
        return seconds > 0 ? Double(rows) / seconds : 0
    }

    /// From 0 to 1; 1 only when all is copied.
    package var share: Double {
        if tables > 0, tablesDone == tables { return 1 }
        guard estimatedRows > 0 else { return tables > 0 ? Double(tablesDone) / Double(tables) : 0 }
        return min(0.99, Double(rows) / Double(estimatedRows))
    }

    /// Nil where nothing can be said yet.
    package var timeLeft: Duration? {
        guard rowsPerSecond > 0, estimatedRows > rows else { return nil }
        return .seconds(Double(estimatedRows - rows) / rowsPerSecond)
    }
}
