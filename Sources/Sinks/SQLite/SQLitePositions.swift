import CoreIngest

/// How far each sink has come in each history, stored in the database that it writes to, in the same transaction as the events.
struct SQLitePositions {
    static let table = "buz_cdc_positions"
    let sink: String

    func prepare(_ database: SQLiteDatabase) throws(StateError) {
        try database.execute(
            """
            CREATE TABLE IF NOT EXISTS \(Self.table) (
              sink TEXT NOT NULL, source TEXT NOT NULL, system_identifier TEXT NOT NULL, generation TEXT NOT NULL,
              "commit" TEXT NOT NULL, ordinal TEXT NOT NULL, rejected TEXT NOT NULL DEFAULT '', updated_at TEXT NOT NULL,
              PRIMARY KEY (sink, source, system_identifier, generation))
            """)
    }

    /// What is stored, by source.
    func load(_ database: SQLiteDatabase) throws(StateError) -> [SourceIdentity: ResumedSource] {
        var rows = try database.prepare(
            """
            SELECT source, system_identifier, generation, "commit", ordinal, rejected FROM \(Self.table) WHERE sink = ?
            """)
        try rows.bind(1, sink)
        var found: [SourceIdentity: ResumedSource] = [:]
        while try rows.step() {
            guard let source = SourceIdentity(name: rows.text(0), system: rows.text(1), generation: rows.text(2)),
                let resumed = ResumedSource(commit: rows.text(3), ordinal: rows.text(4), rejected: rows.text(5))
            else {
                throw StateError(
                    .corrupt, "table \(Self.table) of \(database.path) holds a row that is not a position: remove it")
            }
            found[source] = resumed
        }
        return found
    }

    /// Writes one source's position, as part of the transaction under way.
    func store(
        _ source: SourceIdentity, _ resumption: ResumedSource, in database: SQLiteDatabase
    ) throws(StateError) {
        var row = try database.prepare(
            """
            INSERT INTO \(Self.table) (sink, source, system_identifier, generation, "commit", ordinal, rejected, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
            ON CONFLICT DO UPDATE SET "commit" = excluded."commit", ordinal = excluded.ordinal,
              rejected = excluded.rejected, updated_at = excluded.updated_at
            """)
        try row.bind(1, sink)
        try row.bind(2, source.name)
        try row.bind(3, "\(source.systemIdentifier)")
        try row.bind(4, "\(source.generation)")
        try row.bind(5, "\(resumption.stored.commit)")
        try row.bind(6, "\(resumption.stored.ordinal)")
        try row.bind(7, resumption.rejectedText)
        _ = try row.step()
    }
}
