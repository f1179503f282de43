import CoreIngest

/// Where a sink stands in each source, kept in the destination and written in the transaction that writes the data: what is
/// stored and how far it reaches can never disagree, whatever dies when.
///
/// A row also lists the events that the last write refused. They are settled only once the lane has them in its dead letters,
/// which a crash may prevent; so after a reconnect everything from the first of them on is asked for again, and
/// ``ResumedSource`` leaves out what is there already.
struct PostgresPositions {
    let table: PostgresTable
    let sink: String

    init(_ settings: PostgresSinkSettings) {
        table = PostgresTable(schema: settings.positionsSchema, name: "positions")
        sink = settings.name
    }

    /// Creates the table when it is missing. Looks first: `IF NOT EXISTS` asks for the right to create even when it exists.
    func prepare(_ connection: PostgresConnection) throws(PostgresFailure) {
        try connection.createSchemaIfMissing(table.schema)
        if let oid = try connection.relation(table) { return try upgrade(oid, connection) }
        try connection.run(
            """
            CREATE TABLE IF NOT EXISTS \(table.sql) (
              sink text NOT NULL, source text NOT NULL, system_identifier numeric(20) NOT NULL,
              generation numeric(20) NOT NULL DEFAULT 0,
              "commit" numeric(20) NOT NULL, ordinal numeric(20) NOT NULL, rejected text[] NOT NULL DEFAULT '{}',
              updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (sink, source, system_identifier, generation))
            """)
    }

    /// A table of a version that did not know generations gets the column, and the key with it.
    private func upgrade(_ oid: String, _ connection: PostgresConnection) throws(PostgresFailure) {
        let present = try connection.query(
            "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attname = 'generation' AND NOT attisdropped",
            [oid])
        guard present.rowCount == 0 else { return }
        let key = try connection.query(
            "SELECT conname FROM pg_catalog.pg_constraint WHERE conrelid = $1::oid AND contype = 'p'", [oid])
        let drop = key.rowCount > 0 ? key.text(0, 0).map { "DROP CONSTRAINT \(postgresIdentifier($0)), " } : nil
        try connection.define(
            """
            ALTER TABLE \(table.sql) ADD COLUMN generation numeric(20) NOT NULL DEFAULT 0, \(drop ?? "")
              ADD PRIMARY KEY (sink, source, system_identifier, generation)
            """)
    }

    /// Takes the right to write as this sink, for as long as the session lives. Two writers would overtake each other.
    func lock(_ connection: PostgresConnection) throws(PostgresFailure) {
        let name = "buz-cdc \(table.schema) \(sink)"
        let taken = try connection.query("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", [name])
        if taken.text(0, 0) == "t" { return }
        let holder = try connection.query(
            """
            SELECT min(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)
            """, [name])
        let pid = holder.text(0, 0) ?? "unknown"
        throw PostgresFailure(
            .transient,
            "another session (pid \(pid)) writes as this sink: stop the other buz-cdc, or give this sink another name; after a crash "
                + "the server notices within half a minute")
    }

    /// What is stored, by source.
    func load(_ connection: PostgresConnection) throws(PostgresFailure) -> [SourceIdentity: ResumedSource] {
        let rows = try connection.query(
            """
            SELECT source, system_identifier, "commit", ordinal, array_to_string(rejected, ' '), generation FROM \(table.sql)
            WHERE sink = $1
            """, [sink])
        var found: [SourceIdentity: ResumedSource] = [:]
        for row in 0..<rows.rowCount {
            guard
                let source = SourceIdentity(
                    name: rows.text(row, 0), system: rows.text(row, 1), generation: rows.text(row, 5)),
                let resumed = ResumedSource(
                    commit: rows.text(row, 2), ordinal: rows.text(row, 3), rejected: rows.text(row, 4))
            else {
                throw PostgresFailure(.misconfigured, "table \(table) holds a row that is not a position: remove it")
            }
            found[source] = resumed
        }
        return found
    }

    /// The statement that writes one source's position, never backwards, as part of the transaction under way. As text without
    /// parameters, so that it travels together with the commit.
    func statement(for source: SourceIdentity, _ position: Position, rejected: [Position]) -> String {
        let list = "{" + rejected.map { "\($0.commit)/\($0.ordinal)" }.joined(separator: ",") + "}"
        let row = [
            sink, source.name, "\(source.systemIdentifier)", "\(source.generation)", "\(position.commit)",
            "\(position.ordinal)", list,
        ]
        return """
            INSERT INTO \(table.sql) AS p (sink, source, system_identifier, generation, "commit", ordinal, rejected)
            VALUES (\(row.map(postgresLiteral).joined(separator: ", ")))
            ON CONFLICT (sink, source, system_identifier, generation) DO UPDATE SET rejected = excluded.rejected, updated_at = now(),
              "commit" = CASE WHEN \(Self.isEarlier) THEN excluded."commit" ELSE p."commit" END,
              ordinal = CASE WHEN \(Self.isEarlier) THEN excluded.ordinal ELSE p.ordinal END;
            """
    }

    /// The order of ``Position``, whose highest bit of the ordinal puts an announcement behind the event of the other bits.
    private static let isEarlier = """
        (p."commit", p.ordinal % 9223372036854775808, p.ordinal)
          < (excluded."commit", excluded.ordinal % 9223372036854775808, excluded.ordinal)
        """
}
