import CoreIngest

/// Which server this is: the answer of IDENTIFY_SYSTEM.
struct SystemIdentity: Sendable, Equatable {
    var systemIdentifier: UInt64
    var lineage: TimelineLineage
    /// How far the server's log is flushed.
    var flushed: LogSequenceNumber
    var database: String

    var timeline: UInt32 { lineage.timeline }

    init(systemIdentifier: UInt64, lineage: TimelineLineage, flushed: LogSequenceNumber, database: String) {
        self.systemIdentifier = systemIdentifier
        self.lineage = lineage
        self.flushed = flushed
        self.database = database
    }

    /// Asks on a replication connection.
    init(asking connection: borrowing PostgresConnection) throws(SourceError) {
        let rows = try connection.query("IDENTIFY_SYSTEM")
        guard let row = rows.first, row.count >= 4, let identifier = row[0].flatMap({ UInt64($0) }),
            let timeline = row[1].flatMap({ UInt32($0) }),
            let flushed = row[2].flatMap({ LogSequenceNumber(parsing: $0) }), let database = row[3]
        else {
            throw SourceError(.serverUnsuitable, "\(connection.label) gave no usable answer to IDENTIFY_SYSTEM")
        }
        var lineage = TimelineLineage(timeline: timeline)
        if timeline > 1, let file = try connection.query("TIMELINE_HISTORY \(timeline)").first, file.count >= 2 {
            lineage = TimelineLineage(timeline: timeline, history: file[1] ?? "")
        }
        self.init(systemIdentifier: identifier, lineage: lineage, flushed: flushed, database: database)
    }
}
