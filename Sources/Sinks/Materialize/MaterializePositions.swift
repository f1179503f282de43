import CoreIngest

/// Where a sink stands in each source, kept in the destination and written in the transaction that writes the data.
///
/// Nothing is ever updated: each write appends a row, and the one with the greatest number of the write counts. Older ones are deleted now
/// and then, which can fail or be forgotten without harm.
struct MaterializePositions {
    let table: MaterializeName
    /// Where each mirror was emptied last: by a truncation, or the begin of a snapshot.
    let marks: MaterializeName
    let sink: String

    init(_ settings: MaterializeSinkSettings) {
        table = MaterializeName(schema: settings.positionsSchema, name: "positions")
        marks = MaterializeName(schema: settings.positionsSchema, name: "marks")
        sink = settings.name
    }

    /// Makes the tables that are missing.
    func prepare(_ session: MaterializeSession) throws(PostgresFailure) {
        try session.makeSchema(table.schema)
        if try session.kind(of: table) == nil {
            try session.define(
                """
                CREATE TABLE IF NOT EXISTS \(table.sql) (sink text NOT NULL, source text NOT NULL, \
                system_identifier numeric NOT NULL, generation numeric NOT NULL, commit_lsn numeric NOT NULL, \
                ordinal numeric NOT NULL, rejected text NOT NULL, write_number bigint NOT NULL, \
                written_at timestamp with time zone NOT NULL)
                """)
        }
        if try session.kind(of: marks) == nil {
            try session.define(
                "CREATE TABLE IF NOT EXISTS \(marks.sql) (mirror text NOT NULL, sequence bigint NOT NULL)")
        }
    }

    /// What is stored.
    func load(_ session: MaterializeSession) throws(PostgresFailure) -> MaterializeProgress {
        let rows = try session.rows(
            """
            SELECT DISTINCT ON (source, system_identifier, generation) source, system_identifier, generation, commit_lsn, \
            ordinal, rejected, write_number FROM \(table.sql) WHERE sink = \(postgresLiteral(sink)) \
            ORDER BY source, system_identifier, generation, write_number DESC
            """)
        var progress = MaterializeProgress()
        for row in rows {
            guard let source = SourceIdentity(name: row[0], system: row[1], generation: row[2]),
                let resumed = ResumedSource(commit: row[3], ordinal: row[4], rejected: row[5]),
                let write = row[6].flatMap({ UInt64($0) })
            else {
                throw PostgresFailure(.misconfigured, "table \(table) holds a row that is not a position: remove it")
            }
            progress.stored[source] = resumed
            progress.writes[source] = write
        }
        progress.write = progress.writes.values.max() ?? 0
        return progress
    }

    /// The greatest number of a write that is there.
    func lastWrite(_ session: MaterializeSession) throws(PostgresFailure) -> UInt64 {
        let found = try session.rows(
            "SELECT max(write_number) FROM \(table.sql) WHERE sink = \(postgresLiteral(sink))")
        return found.first?[0].flatMap { UInt64($0) } ?? 0
    }

    /// The statement that appends positions, as part of the transaction under way.
    func insert(
        _ resumptions: [(source: SourceIdentity, resumption: ResumedSource)], write: UInt64, at microseconds: Int64
    ) -> String {
        if resumptions.isEmpty { return "" }
        var now = ByteArena(capacity: 32)
        now.append(timestamp: microseconds)
        let written = String(decoding: now.bytes, as: UTF8.self)
        let values = resumptions.map { source, resumption in
            let texts = [sink, source.name].map(postgresLiteral).joined(separator: ", ")
            let numbers = [
                source.systemIdentifier, source.generation, resumption.stored.commit, resumption.stored.ordinal,
            ].map { "\($0)" }.joined(separator: ", ")
            return "(\(texts), \(numbers), '\(resumption.rejectedText)', \(write), '\(written)')"
        }
        return """
            INSERT INTO \(table.sql) (sink, source, system_identifier, generation, commit_lsn, ordinal, rejected, write_number, \
            written_at) VALUES \(values.joined(separator: ", "));
            """
    }

    /// The statement that says from where on mirrors are to be read.
    func insert(marks rows: [(mirror: MaterializeName, sequence: UInt64)]) -> String {
        if rows.isEmpty { return "" }
        let values = rows.map { "(\(postgresLiteral($0.mirror.changesPrefix)), \($0.sequence))" }
        return "INSERT INTO \(marks.sql) (mirror, sequence) VALUES \(values.joined(separator: ", "));"
    }

    /// Deletes the rows that later ones replaced. Outside of transactions.
    func trim(_ progress: MaterializeProgress, _ session: MaterializeSession) throws(PostgresFailure) {
        for (source, write) in progress.writes {
            try session.run(
                """
                DELETE FROM \(table.sql) WHERE sink = \(postgresLiteral(sink)) AND source = \(postgresLiteral(source.name)) \
                AND system_identifier = \(source.systemIdentifier) AND generation = \(source.generation) \
                AND write_number < \(write)
                """)
        }
    }
}

/// How far a sink is, as far as is known to be committed.
struct MaterializeProgress {
    var stored: [SourceIdentity: ResumedSource] = [:]
    /// The number of the last write, and of the last one of each source.
    var write: UInt64 = 0
    var writes: [SourceIdentity: UInt64] = [:]

    /// Rows of a mirror are ordered by the number of their write and their own number within.
    static let rowsOfWrite: UInt64 = 1 << 24
    /// Rows that are replayed come behind those of the last write, and before those of the next.
    static let replayedRow: UInt64 = 1 << 23

    /// Notes what was committed. `rows`: how many rows the write had at most for one mirror.
    mutating func note(
        _ committed: [(source: SourceIdentity, resumption: ResumedSource)], write number: UInt64, rows: Int
    ) {
        for (source, resumption) in committed {
            stored[source] = resumption
            writes[source] = number
        }
        write = number + UInt64(rows) / Self.replayedRow
    }
}
