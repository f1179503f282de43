import CoreIngest

/// How far each sink has come in each history, stored in the file that it writes to, in the same transaction as the events.
struct DuckDBPositions {
    static let table = "buz_cdc_positions"
    let sink: String

    func prepare(_ connection: DuckDBConnection) throws(DuckDBFailure) {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS main.\(Self.table) (
              sink VARCHAR NOT NULL, source VARCHAR NOT NULL, system_identifier VARCHAR NOT NULL, generation VARCHAR NOT NULL,
              "commit" VARCHAR NOT NULL, ordinal VARCHAR NOT NULL, rejected VARCHAR NOT NULL, updated_at TIMESTAMPTZ NOT NULL)
            """)
    }

    /// What is stored, by source.
    func load(_ connection: DuckDBConnection) throws(DuckDBFailure) -> [SourceIdentity: ResumedSource] {
        var found: [SourceIdentity: ResumedSource] = [:]
        let rows = try connection.texts(
            """
            SELECT source, system_identifier, generation, "commit", ordinal, rejected FROM main.\(Self.table)
            WHERE sink = \(duckDBLiteral(sink))
            """)
        for row in rows {
            guard let source = SourceIdentity(name: row[0], system: row[1], generation: row[2]),
                let resumed = ResumedSource(commit: row[3], ordinal: row[4], rejected: row[5])
            else {
                throw DuckDBFailure(
                    .misconfigured,
                    "table \(Self.table) of \(connection.path) holds a row that is not a position: remove it")
            }
            found[source] = resumed
        }
        return found
    }

    /// Writes one source's position, as part of the transaction under way.
    func store(
        _ source: SourceIdentity, _ resumption: ResumedSource, in connection: DuckDBConnection
    ) throws(DuckDBFailure) {
        let sinkText = duckDBLiteral(sink)
        let name = duckDBLiteral(source.name)
        try connection.execute(
            """
            DELETE FROM main.\(Self.table) WHERE sink = \(sinkText) AND source = \(name)
              AND system_identifier = '\(source.systemIdentifier)' AND generation = '\(source.generation)'
            """)
        let position = resumption.stored
        var now = ByteArena(capacity: 32)
        now.append(timestamp: Timestamp.now())
        try connection.execute(
            """
            INSERT INTO main.\(Self.table) VALUES (\(sinkText), \(name), '\(source.systemIdentifier)', '\(source.generation)',
              '\(position.commit)', '\(position.ordinal)', '\(resumption.rejectedText)', CAST('\(String(decoding: now.bytes, as: UTF8.self))' AS TIMESTAMPTZ))
            """)
    }
}
