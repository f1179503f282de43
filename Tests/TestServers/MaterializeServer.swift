import Glibc

/// A Postgres that speaks as Materialize does, on a loopback port: see Tests/Servers/materialize.py. Its database `materialize` has the role
/// `buz` with the grants of docs/sinks/materialize.md.
package final class MaterializeServer: @unchecked Sendable {
    // Safe to share: only `proxy` changes, by the one test that uses it.
    package let postgres: PostgresServer
    package let port: Int
    package let password = "secret word"
    private let folder: TemporaryFolder
    private var proxy: ChildProcess

    package init() throws {
        folder = try TemporaryFolder("buzmaterialize")
        port = try freePort()
        let postgres = try PostgresServer()
        try postgres.sql("CREATE DATABASE materialize")
        try postgres.sql(readText("\(Self.scripts)/materialize.sql"), database: "materialize")
        try postgres.sql(
            """
            CREATE ROLE buz LOGIN PASSWORD '\(password)';
            GRANT CREATE ON DATABASE materialize TO buz;
            GRANT CREATE, USAGE ON SCHEMA public TO buz;
            """, database: "materialize")
        let rules = "\(postgres.folder.path)/data/pg_hba.conf"
        try writeText("host all buz 127.0.0.1/32 scram-sha-256\n" + readText(rules), to: rules)
        try postgres.sql("SELECT pg_reload_conf()")
        self.postgres = postgres
        proxy = try Self.start(folder, port, postgres.port)
        try waitReady()
    }

    deinit { proxy.stop(SIGKILL) }

    /// The folder Tests/Servers.
    private static var scripts: String {
        // Tests/TestServers/THIS: two steps up.
        var root = #filePath[...]
        for _ in 0..<2 { root = root[..<(root.lastIndex(of: "/") ?? root.startIndex)] }
        return "\(root)/Servers"
    }

    private static func start(_ folder: TemporaryFolder, _ port: Int, _ server: Int) throws -> ChildProcess {
        try ChildProcess(
            ["python3", "\(scripts)/materialize.py", "\(port)", "\(server)", "\(folder.path)/statements"],
            folder: folder)
    }

    private func waitReady() throws {
        try eventually(within: 30, "the emulator does not answer: \(proxy.errors)") {
            (try? client("SELECT 1")) == "1"
        }
    }

    /// For the role `buz`.
    package var url: String { "postgres://buz:secret%20word@127.0.0.1:\(port)/materialize" }

    /// Each distinct shape of the statements that came.
    package var statements: [String] {
        readText("\(folder.path)/statements").split(separator: "\n").map(String.init)
    }

    /// What the emulator printed besides: nothing, unless it failed.
    package var errors: String { proxy.errors }

    /// Runs SQL as a superuser and in Postgres's own dialect, beside the emulator.
    @discardableResult
    package func sql(_ text: String) throws -> String { try postgres.sql(text, database: "materialize") }

    /// Runs SQL as a client of the emulator does, and answers its rows.
    @discardableResult
    package func client(_ text: String) throws -> String {
        let scratch = try TemporaryFolder("buzsql")
        guard let binaries = PostgresServer.binaries(of: postgres.major) else { return "" }
        try writeText(text, to: "\(scratch.path)/statement.sql")
        let output = try ChildProcess.run(
            [
                "\(binaries)/psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-d",
                url, "-f", "\(scratch.path)/statement.sql",
            ], folder: scratch)
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// Ends the sessions of the role `buz`.
    package func interrupt() throws {
        try sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'buz'")
    }

    /// Ends it at once, as a crash would.
    package func kill9() throws {
        proxy.stop(SIGKILL)
        try postgres.stop("immediate")
    }

    package func restart() throws {
        try postgres.start()
        proxy = try Self.start(folder, port, postgres.port)
        try waitReady()
    }
}
