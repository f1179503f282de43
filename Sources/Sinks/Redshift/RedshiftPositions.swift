import CoreIngest

/// How far a sink has come in each history, kept in the database that it writes to, in the transaction that writes the data.
///
/// Each sink has a table of its own, as Redshift locks tables and finds conflicts between them, not between rows. A transaction takes the
/// table's lock first, and moves a position only from where this session knows it to be: a second writer, or a commit whose answer was
/// lost, is found out, as nothing in Redshift makes rows unique.
struct RedshiftPositions {
    let table: RedshiftTable
    let sink: String
    /// Bytes of refused positions in one row; more go into rows of their own.
    private static let mostText = 60_000

    init(_ settings: RedshiftSinkSettings) {
        sink = settings.name
        table = RedshiftTable(schema: settings.positionsSchema, name: "positions_\(settings.name)")
    }

    /// Creates the table when it is missing.
    func prepare(_ session: RedshiftSession) throws(PostgresFailure) {
        guard try session.columns(of: table) == nil else { return }
        try session.createSchemaIfMissing(table.schema)
        try session.define(
            """
            CREATE TABLE IF NOT EXISTS \(table.sql) (
              "sink" VARCHAR(600) NOT NULL, "source" VARCHAR(600) NOT NULL, "system_identifier" DECIMAL(20,0) NOT NULL,
              "generation" DECIMAL(20,0) NOT NULL, "part" INTEGER NOT NULL, "commit" DECIMAL(20,0) NOT NULL,
              "ordinal" DECIMAL(20,0) NOT NULL, "rejected" VARCHAR(65535) NOT NULL, "updated_at" TIMESTAMP NOT NULL)
            """)
    }

    /// What is stored, by source.
    func load(_ session: RedshiftSession) throws(PostgresFailure) -> [SourceIdentity: ResumedSource] {
        let rows = try session.texts(
            """
            SELECT "source", "system_identifier", "generation", "part", "commit", "ordinal", "rejected"
            FROM \(table.sql) WHERE "sink" = \(session.literal(sink)) ORDER BY "part"
            """)
        var found: [SourceIdentity: ResumedSource] = [:]
        for row in rows {
            guard let source = SourceIdentity(name: row[0], system: row[1], generation: row[2]), let part = row[3],
                let resumed = ResumedSource(commit: row[4], ordinal: row[5], rejected: row[6])
            else {
                throw PostgresFailure(.misconfigured, "table \(table) holds a row that is not a position: remove it")
            }
            if part != "0" {
                found[source]?.rejected.formUnion(resumed.rejected)
            } else if found.updateValue(resumed, forKey: source) != nil {
                throw PostgresFailure(
                    .misconfigured, "table \(table) holds two positions of input \(source.name): remove the lesser one")
            }
        }
        return found
    }

    /// Takes the lock, for the transaction under way: before anything that it reads.
    func lock(_ session: RedshiftSession) throws(PostgresFailure) { try session.run("LOCK \(table.sql)") }

    /// Moves one source's position, as part of the transaction under way, from where this session knows it. Throws `catalogChanged`
    /// where it is elsewhere.
    func store(
        _ source: SourceIdentity, from known: ResumedSource?, to resumption: ResumedSource, _ session: RedshiftSession
    ) throws(PostgresFailure) {
        let position = resumption.stored
        let parts = Self.parts(resumption.rejected.sorted())
        let key = """
            "sink" = \(session.literal(sink)) AND "source" = \(session.literal(source.name)) \
            AND "system_identifier" = \(source.systemIdentifier) AND "generation" = \(source.generation)
            """
        let isMoved: Bool
        if let known {
            isMoved =
                try session.run(
                    """
                    UPDATE \(table.sql) SET "commit" = \(position.commit), "ordinal" = \(position.ordinal),
                    "rejected" = \(session.literal(parts[0])), "updated_at" = GETDATE()
                    WHERE \(key) AND "part" = 0 AND "commit" = \(known.stored.commit) AND "ordinal" = \(known.stored.ordinal)
                    """) == 1
            if isMoved, Self.parts(known.rejected.sorted()).count > 1 {
                try session.run("DELETE FROM \(table.sql) WHERE \(key) AND \"part\" > 0")
            }
        } else {
            isMoved = try session.texts("SELECT 1 FROM \(table.sql) WHERE \(key)").isEmpty
            if isMoved { try insert(source, 0, position, parts[0], session) }
        }
        guard isMoved else {
            throw PostgresFailure(
                .catalogChanged,
                "the position of input \(source.name) is not where this session left it: another buz-cdc writes as this sink; stop it, or give this sink another name"
            )
        }
        for part in parts.indices.dropFirst() { try insert(source, part, position, parts[part], session) }
    }

    private func insert(
        _ source: SourceIdentity, _ part: Int, _ position: Position, _ rejected: String, _ session: RedshiftSession
    ) throws(PostgresFailure) {
        try session.run(
            """
            INSERT INTO \(table.sql) ("sink", "source", "system_identifier", "generation", "part", "commit", "ordinal",
            "rejected", "updated_at") VALUES (\(session.literal(sink)), \(session.literal(source.name)),
            \(source.systemIdentifier), \(source.generation), \(part), \(position.commit), \(position.ordinal),
            \(session.literal(rejected)), GETDATE())
            """)
    }

    /// The list as texts of one row each; at least one.
    static func parts(_ rejected: [Position]) -> [String] {
        var parts = [""]
        for position in rejected {
            let text = "\(position.commit)/\(position.ordinal)"
            if parts[parts.count - 1].utf8.count + text.utf8.count + 1 > mostText { parts.append("") }
            if !parts[parts.count - 1].isEmpty { parts[parts.count - 1] += " " }
            parts[parts.count - 1] += text
        }
        return parts
    }
}
