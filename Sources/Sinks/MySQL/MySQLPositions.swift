import CoreIngest

/// How far each sink has come in each history, kept in the database that it writes to, in the transaction that writes the data.
///
/// A write takes the lock of its rows first, and looks there how far the sink is: whatever a lost session, or another instance, still
/// commits is waited for and not written again.
struct MySQLPositions {
    static let table = "buz_cdc_positions"
    let sink: String

    /// Creates the table when it is missing. Looks first, as `IF NOT EXISTS` asks for the right to create even when it exists.
    func prepare(_ connection: MySQLConnection) throws(MySQLFailure) {
        guard try !connection.hasTable(Self.table) else { return }
        try connection.define(
            """
            CREATE TABLE IF NOT EXISTS \(Self.table) (
              sink VARCHAR(150) NOT NULL, source VARCHAR(150) NOT NULL, system_identifier BIGINT UNSIGNED NOT NULL,
              generation BIGINT UNSIGNED NOT NULL, `commit` BIGINT UNSIGNED NOT NULL, ordinal BIGINT UNSIGNED NOT NULL,
              rejected LONGTEXT NOT NULL, updated_at DATETIME(6) NOT NULL,
              PRIMARY KEY (sink, source, system_identifier, generation)) \(connection.server.tableOptions)
            """)
    }

    /// What is stored, by source.
    func load(_ connection: MySQLConnection) throws(MySQLFailure) -> [SourceIdentity: ResumedSource] {
        let rows = try connection.texts(
            """
            SELECT source, system_identifier, generation, `commit`, ordinal, rejected FROM \(Self.table)
            WHERE sink = \(mysqlLiteral(sink))
            """)
        var found: [SourceIdentity: ResumedSource] = [:]
        for row in rows {
            guard let source = SourceIdentity(name: row[0], system: row[1], generation: row[2]),
                let resumed = ResumedSource(commit: row[3], ordinal: row[4], rejected: row[5])
            else { throw Self.malformed }
            found[source] = resumed
        }
        return found
    }

    /// Takes the lock of one source's row, for the transaction under way, and answers what it says. One that is missing is made, as
    /// nobody could wait for it otherwise.
    func lock(_ source: SourceIdentity, _ connection: MySQLConnection) throws(MySQLFailure) -> ResumedSource {
        let question = """
            SELECT `commit`, ordinal, rejected FROM \(Self.table) WHERE sink = \(mysqlLiteral(sink))
            AND source = \(mysqlLiteral(source.name)) AND system_identifier = \(source.systemIdentifier)
            AND generation = \(source.generation) FOR UPDATE
            """
        do throws(MySQLFailure) {
            if let row = try connection.texts(question).first { return try Self.resumed(row) }
        } catch {
            guard error.code == 1205 else { throw error }
            throw MySQLFailure(
                .transient,
                "another session holds the position of this sink: an instance that writes as the same sink, or a session of a host that was lost, which the server ends within a few minutes (KILL ends it at once) (error 1205)",
                code: 1205)
        }
        let nothing = ResumedSource(stored: .start, rejected: [])
        try store(source, nothing, connection, update: "sink = sink")
        guard let row = try connection.texts(question).first else {
            throw MySQLFailure(.transient, "the position of the sink vanished while it was looked at")
        }
        return try Self.resumed(row)
    }

    /// Writes one source's position, as part of the transaction under way.
    func store(
        _ source: SourceIdentity, _ resumption: ResumedSource, _ connection: MySQLConnection
    ) throws(MySQLFailure) {
        try store(
            source, resumption, connection,
            update:
                "`commit` = VALUES(`commit`), ordinal = VALUES(ordinal), rejected = VALUES(rejected), updated_at = VALUES(updated_at)"
        )
    }

    private func store(
        _ source: SourceIdentity, _ resumption: ResumedSource, _ connection: MySQLConnection, update: String
    ) throws(MySQLFailure) {
        try connection.run(
            """
            INSERT INTO \(Self.table) (sink, source, system_identifier, generation, `commit`, ordinal, rejected, updated_at)
            VALUES (\(mysqlLiteral(sink)), \(mysqlLiteral(source.name)), \(source.systemIdentifier), \(source.generation),
              \(resumption.stored.commit), \(resumption.stored.ordinal), \(mysqlLiteral(resumption.rejectedText)), UTC_TIMESTAMP(6))
            ON DUPLICATE KEY UPDATE \(update)
            """)
    }

    private static func resumed(_ row: [String?]) throws(MySQLFailure) -> ResumedSource {
        guard row.count == 3, let resumed = ResumedSource(commit: row[0], ordinal: row[1], rejected: row[2])
        else { throw malformed }
        return resumed
    }

    private static var malformed: MySQLFailure {
        MySQLFailure(.misconfigured, "table \(table) holds a row that is not a position: remove it")
    }
}
