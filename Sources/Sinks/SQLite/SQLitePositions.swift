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
            guard let system = UInt64(rows.text(1)), let generation = UInt64(rows.text(2)),
                let commit = UInt64(rows.text(3)), let ordinal = UInt64(rows.text(4))
            else {
                throw StateError(
                    .corrupt, "table \(Self.table) of \(database.path) holds a row that is not a position: remove it")
            }
            let source = SourceIdentity(name: rows.text(0), systemIdentifier: system, generation: generation)
            found[source] = ResumedSource(
                stored: Position(commit: commit, ordinal: ordinal),
                rejected: ResumedSource.positions(from: rows.text(5)))
        }
        return found
    }

    /// Writes one source's position, as part of the transaction under way.
    func store(
        _ source: SourceIdentity, _ position: Position, rejected: [Position], in database: SQLiteDatabase
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
        try row.bind(5, "\(position.commit)")
        try row.bind(6, "\(position.ordinal)")
        try row.bind(7, rejected.map { "\($0.commit)/\($0.ordinal)" }.joined(separator: " "))
        _ = try row.step()
    }
}
