import Glibc

/// A Postgres that speaks as Amazon Redshift does, on a loopback port: see Tests/Servers/redshift.py. Its database `warehouse` is the user
/// `buz`'s as docs/sinks/redshift.md grants it.
package final class RedshiftServer: @unchecked Sendable {
    // Safe to share: only `proxy` changes, by the one test that uses it.
    package let postgres: PostgresServer
    package let port: Int
    package let password = "secret word"
    private let folder: TemporaryFolder
    private let bucket: RedshiftBucketServer?
    private var proxy: ChildProcess

    /// `bucket`: where `COPY` reads.
    package init(bucket: RedshiftBucketServer? = nil) throws {
        self.bucket = bucket
        folder = try TemporaryFolder("buzredshift")
        port = try freePort()
        let postgres = try PostgresServer()
        try postgres.sql(
            "CREATE DATABASE warehouse TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
        try postgres.sql(readText("\(Self.scripts)/redshift.sql"), database: "warehouse")
        try postgres.sql(
            """
            ALTER DATABASE warehouse SET standard_conforming_strings = off;
            ALTER DATABASE warehouse SET escape_string_warning = off;
            ALTER DATABASE warehouse SET default_transaction_isolation = 'serializable';
            ALTER DATABASE warehouse SET search_path = public, emulator, pg_catalog;
            CREATE ROLE buz LOGIN PASSWORD '\(password)';
            GRANT CREATE, TEMPORARY ON DATABASE warehouse TO buz;
            GRANT CREATE, USAGE ON SCHEMA public TO buz;
            """, database: "warehouse")
        let rules = "\(postgres.folder.path)/data/pg_hba.conf"
        try writeText("host all buz 127.0.0.1/32 scram-sha-256\n" + readText(rules), to: rules)
        try postgres.sql("SELECT pg_reload_conf()")
        self.postgres = postgres
        proxy = try Self.start(folder, port, postgres.port, bucket)
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

    private static func start(
        _ folder: TemporaryFolder, _ port: Int, _ server: Int, _ bucket: RedshiftBucketServer?
    ) throws -> ChildProcess {
        let environment = bucket.map {
            [
                "EMULATOR_S3": $0.url, "AWS_ACCESS_KEY_ID": $0.keys.id, "AWS_SECRET_ACCESS_KEY": $0.keys.secret,
                "AWS_EC2_METADATA_DISABLED": "true",
            ]
        }
        return try ChildProcess(
            [
                try bucket == nil ? "python3" : Emulators.program("python"), "\(scripts)/redshift.py", "\(port)",
                "\(server)", "\(folder.path)/statements",
            ], environment: environment ?? [:], folder: folder)
    }

    private func waitReady() throws {
        try eventually(within: 30, "the emulator does not answer: \(proxy.errors)") {
            (try? client("SELECT 1")) == "1"
        }
    }

    /// For the user `buz`.
    package var url: String { "postgres://buz:secret%20word@127.0.0.1:\(port)/warehouse" }

    /// Each distinct shape of the statements that came.
    package var statements: [String] {
        readText("\(folder.path)/statements").split(separator: "\n").map(String.init)
    }

    /// What the emulator printed besides: nothing, unless it failed.
    package var errors: String { proxy.errors }

    /// Runs SQL as a superuser and in Postgres's own dialect, beside the emulator.
    @discardableResult
    package func sql(_ text: String) throws -> String { try postgres.sql(text, database: "warehouse") }

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

    /// Ends the sessions of the user `buz`.
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
        proxy = try Self.start(folder, port, postgres.port, bucket)
        try waitReady()
    }
}
