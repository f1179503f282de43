import CoreIngest

/// One session with Materialize. Its transactions only insert: rows by COPY, and constants.
final class MaterializeSession {
    private let connection: PostgresConnection

    /// Connects; failures are those of ``PostgresConnection``.
    init(_ settings: MaterializeSinkSettings) throws(PostgresFailure) {
        do throws(PostgresFailure) {
            connection = try PostgresConnection(settings.session)
        } catch {
            throw error.ofMaterialize()
        }
    }

    var isUsable: Bool { connection.isUsable }

    /// Runs one statement, or several that may stand together.
    func run(_ sql: String) throws(PostgresFailure) {
        do throws(PostgresFailure) { try connection.run(sql) } catch { throw error.ofMaterialize() }
    }

    /// Runs a statement that defines something. What it fails for is never the fault of an event.
    func define(_ sql: String) throws(PostgresFailure) {
        do throws(PostgresFailure) {
            try run(sql)
        } catch {
            var failure = error
            if failure.kind == .data { failure.kind = .misconfigured }
            throw failure
        }
    }

    /// The rows of a question, all of them.
    func rows(_ sql: String) throws(PostgresFailure) -> [[String?]] {
        do throws(PostgresFailure) {
            let result = try connection.query(sql)
            let columns = result.columnCount
            return (0..<result.rowCount).map { row in (0..<columns).map { result.text(row, $0) } }
        } catch {
            throw error.ofMaterialize()
        }
    }

    /// Hands over the rows of a question part by part, at one moment of the database.
    func read(_ sql: String, most: Int, _ take: ([String?]) throws(PostgresFailure) -> Void) throws(PostgresFailure) {
        try run("BEGIN")
        try run("DECLARE buz_rows CURSOR FOR \(sql)")
        while true {
            let part = try rows("FETCH FORWARD \(most) FROM buz_rows")
            for row in part { try take(row) }
            if part.isEmpty { break }
        }
        try run("COMMIT")
    }

    /// Runs `COPY … FROM STDIN` within a transaction.
    func copy(
        into table: MaterializeName, _ columns: String, _ lines: UnsafeRawBufferPointer
    ) throws(PostgresFailure) {
        do throws(PostgresFailure) {
            try connection.copy("COPY \(table.sql) (\(columns)) FROM STDIN", into: table.name, lines)
        } catch {
            throw error.ofMaterialize()
        }
    }

    func begin() throws(PostgresFailure) { try run("BEGIN") }

    /// Runs the last inserts of a transaction and commits it.
    func commit(after inserts: String) throws(PostgresFailure) {
        do throws(PostgresFailure) {
            let result = try connection.query(inserts + "COMMIT")
            guard result.tag == "COMMIT" else {
                throw PostgresFailure(.other, "the transaction was not committed (\(result.tag))")
            }
        } catch {
            throw error.ofMaterialize()
        }
    }

    /// Ends what is left of a transaction that failed; false where the session is of no use any more.
    func rollBack() -> Bool { isUsable && (try? run("ROLLBACK")) != nil }

    /// Whether there is a schema, made where it is missing. Looks first, so that the right to create is needed only then.
    func makeSchema(_ name: String) throws(PostgresFailure) {
        let found = try rows(
            "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = \(postgresLiteral(name))")
        if found.isEmpty { try define("CREATE SCHEMA IF NOT EXISTS \(NameRules.materialize.quoted(name))") }
    }

    /// The kind of a table or view as the catalog tells it (`BASE TABLE`, `VIEW`); nil where there is none.
    func kind(of name: MaterializeName) throws(PostgresFailure) -> String? {
        try rows(
            """
            SELECT table_type FROM information_schema.tables WHERE table_catalog = current_database() \
            AND table_schema = \(postgresLiteral(name.schema)) AND table_name = \(postgresLiteral(name.name))
            """
        ).first?[0]
    }
}

/// Rows are tried in transactions that are taken back whatever comes of them: Materialize has no savepoints.
final class MaterializeTrial: SavepointSession {
    private let session: MaterializeSession

    init(_ session: MaterializeSession) { self.session = session }

    var isUsable: Bool { session.isUsable }
    func beginRows() throws(PostgresFailure) { try session.begin() }
    func keepRows() throws(PostgresFailure) { try session.run("ROLLBACK") }
    func takeRowsBack() throws(PostgresFailure) { try session.run("ROLLBACK") }
}
