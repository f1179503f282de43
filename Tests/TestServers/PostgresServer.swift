import Glibc

/// A throwaway Postgres on the loopback address and a Unix socket, of any major version that is installed.
///
/// fsync is off for speed; synchronous_commit stays on, as logical decoding does not see a commit before its WAL is written.
package final class PostgresServer: @unchecked Sendable {
    // Safe to share: all fields are constants.
    package let major: Int
    package let port: Int
    package let folder: TemporaryFolder
    private let binaries: String
    private let settings: [String]

    /// Major versions that can be started here, in order. From `BUZ_PG_ROOT` (a folder with `14/bin` …) and, for what is not
    /// there, from `/usr/lib/postgresql`.
    package static let installed: [Int] = (10...30).filter { binaries(of: $0) != nil }

    /// The newest version at most 15, or else the oldest there is: for tests to which the version does not matter.
    package static var usual: Int { installed.last(where: { $0 <= 15 }) ?? installed.first ?? 15 }

    /// All versions from 14 on.
    package static var matrix: [Int] { installed.filter { $0 >= 14 } }

    package static func binaries(of major: Int) -> String? {
        var roots = ["/usr/lib/postgresql"]
        if let root = getenv("BUZ_PG_ROOT") { roots.insert(String(cString: root), at: 0) }
        return roots.map { "\($0)/\(major)/bin" }.first { access("\($0)/postgres", X_OK) == 0 }
    }

    /// The programs of a server with Timescale, from `BUZ_TIMESCALE`; nil, and said, where there is none.
    package static let timescale: String? = {
        let folder = getenv("BUZ_TIMESCALE").map { String(cString: $0) } ?? "/var/cache/buz-cdc/timescale"
        if access("\(folder)/bin/postgres", X_OK) == 0 { return "\(folder)/bin" }
        print("SKIPPED: no Timescale: run scripts/install.sh test")
        return nil
    }()

    /// Starts a server; `settings` are `name=value`, after those that every test wants. `binaries`: the folder of another build of that
    /// version.
    package init(_ major: Int = PostgresServer.usual, binaries: String? = nil, settings: [String] = []) throws {
        guard let binaries = binaries ?? Self.binaries(of: major) else {
            throw ChildProcess.Failure(
                description: "Postgres \(major) is not installed: set BUZ_PG_ROOT, or install it")
        }
        self.major = major
        self.binaries = binaries
        self.settings = settings
        folder = try TemporaryFolder("buzpg\(major)")
        port = try freePort()
        if Self.isRoot {
            guard let user = Self.unprivilegedUser else {
                throw ChildProcess.Failure(
                    description: "Postgres does not run as root, and there is no user postgres or nobody")
            }
            chown(folder.path, user.pw_uid, user.pw_gid)
        }
        try run([
            "\(binaries)/initdb", "-D", "\(folder.path)/data", "-A", "trust", "-U", "postgres", "--no-sync", "-E",
            "UTF8",
            "--locale=C",
        ])
        try start()
    }

    deinit { try? stop("immediate") }

    /// Starts it (again).
    package func start() throws {
        var options =
            "-p \(port) -k \(folder.path) -c listen_addresses=127.0.0.1 -c wal_level=logical -c max_wal_senders=20"
            + " -c max_replication_slots=20 -c fsync=off -c full_page_writes=off -c max_prepared_transactions=5"
        for setting in settings { options += " -c \(setting)" }
        try run([
            "\(binaries)/pg_ctl", "-D", "\(folder.path)/data", "-w", "-t", "30", "-l", "\(folder.path)/log", "start",
            "-o", options,
        ])
    }

    /// Stops it; `mode` is pg_ctl's: smart, fast or immediate.
    package func stop(_ mode: String = "fast") throws {
        try run(["\(binaries)/pg_ctl", "-D", "\(folder.path)/data", "-w", "-m", mode, "stop"])
    }

    package func restart(_ mode: String = "fast") throws {
        try stop(mode)
        try start()
    }

    /// Puts the data folder, as it lies on the disk, aside or back: what a snapshot of the disk does. Only while it is stopped.
    package func saveData() throws { try run(["cp", "-a", "\(folder.path)/data", "\(folder.path)/saved"]) }

    /// See ``saveData()``.
    package func restoreData() throws {
        try run(["rm", "-rf", "\(folder.path)/data"])
        try run(["cp", "-a", "\(folder.path)/saved", "\(folder.path)/data"])
    }

    /// Has the server that is stopped recover at its next start, as a backup or a standby is, and go on by a new timeline.
    package func recoverToNewTimeline() throws {
        try run(["touch", "\(folder.path)/data/recovery.signal"])
        try run([
            "sh", "-c", "echo \"restore_command = 'false'\" >> \(folder.path)/data/postgresql.auto.conf",
        ])
    }

    /// Starts it after ``recoverToNewTimeline()``, and returns when recovery has ended: before that it answers, but only to readers.
    package func startOnNewTimeline() throws {
        try start()
        for _ in 0..<600 where try sql("select pg_is_in_recovery()") == "t" { usleep(50_000) }
    }

    /// A URL over TCP.
    package func url(_ database: String = "postgres") -> String { "postgres://postgres@127.0.0.1:\(port)/\(database)" }

    /// A connection string over the Unix socket.
    package func socketString(_ database: String = "postgres") -> String {
        "host=\(folder.path) port=\(port) user=postgres dbname=\(database)"
    }

    /// Runs SQL by psql, stopping at the first error, and answers its rows: columns by `|`, lines by newline.
    @discardableResult
    package func sql(_ text: String, database: String = "postgres", seconds: Double = 120) throws -> String {
        let scratch = try TemporaryFolder("buzsql")
        let file = "\(scratch.path)/statement.sql"
        try writeText(text, to: file)
        let output = try ChildProcess.run(
            ["\(binaries)/psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-f", file],
            folder: scratch, seconds: seconds)
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// Runs one of Postgres's programs (`pgbench`, `pg_recvlogical`, …) against a database.
    @discardableResult
    package func tool(_ name: String, _ arguments: [String], database: String = "postgres", seconds: Double = 300)
        throws -> String
    {
        let scratch = try TemporaryFolder("buztool")
        return try ChildProcess.run(
            ["\(binaries)/\(name)"] + arguments,
            environment: [
                "PGHOST": "127.0.0.1", "PGPORT": "\(port)", "PGUSER": "postgres", "PGDATABASE": database,
            ], folder: scratch, seconds: seconds)
    }

    /// The server's own log.
    package var log: String { readText("\(folder.path)/log") }

    private func run(_ arguments: [String]) throws {
        var command = arguments
        if Self.isRoot, let user = Self.unprivilegedUser {
            command =
                ["setpriv", "--reuid=\(user.pw_uid)", "--regid=\(user.pw_gid)", "--clear-groups", "env", "HOME=/tmp"]
                + arguments
        }
        let scratch = try TemporaryFolder("buzctl")
        do {
            _ = try ChildProcess.run(command, folder: scratch)
        } catch {
            throw ChildProcess.Failure(description: "\(error)\n\(log.suffix(2000))")
        }
    }

    private static var isRoot: Bool { geteuid() == 0 }

    private static var unprivilegedUser: passwd? {
        (getpwnam("postgres") ?? getpwnam("nobody")).map { $0.pointee }
    }
}
