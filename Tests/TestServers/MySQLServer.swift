import Glibc

/// A throwaway MariaDB or MySQL on a loopback port and a Unix socket. It has a database `shop_copy`, of which the user `buz` may do
/// what docs/sinks/mysql.md grants.
package final class MySQLServer: @unchecked Sendable {
    // Safe to share: only `process` changes, by the one test that uses it.
    package let kind: Kind
    package let folder: TemporaryFolder
    package let port: Int
    package let password = "secret word"
    private let settings: [String]
    private var process: ChildProcess?

    package enum Kind: String, CaseIterable, Sendable, CustomStringConvertible {
        /// The one of apt.
        case mariaDB = "MariaDB"
        /// The one of `BUZ_MYSQL`.
        case mySQL = "MySQL"

        package var description: String { rawValue }

        /// What runs it, without root.
        fileprivate var program: String {
            switch self {
            case .mariaDB: return "/usr/sbin/mariadbd"
            case .mySQL: return "\(mysqlFolder)/bin/mysqld"
            }
        }

        /// The collation that the sink gives to tables.
        package var collation: String {
            switch self {
            case .mariaDB: "utf8mb4_nopad_bin"
            case .mySQL: "utf8mb4_0900_bin"
            }
        }
    }

    /// Those that can be started here; says which cannot. scripts/install.sh test installs them.
    package static let installed: [Kind] = {
        let tools: [String] = ["/usr/bin/mariadb-install-db", "/usr/bin/mariadb"]
        return Kind.allCases.filter { (kind: Kind) in
            let found = ([kind.program] + tools).allSatisfy { (path: String) in access(path, X_OK) == 0 }
            if !found { print("SKIPPED: no \(kind): run scripts/install.sh test") }
            return found
        }
    }()

    /// Starts a server; `settings` are options of it, without dashes. With `hasTLS` it speaks TLS for `localhost` and 127.0.0.1;
    /// who trusts ``certificate`` trusts it. Without it a MariaDB speaks none, and a MySQL has a certificate that it signed itself.
    package init(_ kind: Kind, settings: [String] = [], hasTLS: Bool = false) throws {
        self.kind = kind
        folder = try TemporaryFolder("buz\(kind)".lowercased())
        if hasTLS {
            let certificates = Certificates(folder)
            try certificates.make("server")
            chmod(certificates.path("server.key"), 0o644)
            self.settings =
                settings + [
                    "ssl-cert=\(certificates.path("server.pem"))", "ssl-key=\(certificates.path("server.key"))",
                ]
        } else {
            self.settings = settings
        }
        port = try freePort()
        if geteuid() == 0 {
            guard let user = getpwnam("mysql") else {
                throw ChildProcess.Failure(description: "\(kind) does not run as root, and there is no user mysql")
            }
            chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        try make()
        try start()
        try sql(
            """
            CREATE DATABASE shop_copy CHARACTER SET utf8mb4;
            CREATE USER buz@'127.0.0.1' IDENTIFIED BY '\(password)';
            GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON shop_copy.* TO buz@'127.0.0.1';
            """, database: "mysql")
    }

    deinit { process?.stop(SIGKILL) }

    /// Makes the data folder.
    private func make() throws {
        let scratch = try TemporaryFolder("buzctl")
        // What a data folder is made with, and stays.
        let layout = settings.filter { $0.hasPrefix("innodb-") || $0.hasPrefix("lower-case") }.map { "--\($0)" }
        let data = "\(folder.path)/data"
        switch kind {
        case .mariaDB:
            let program = [
                "/usr/bin/mariadb-install-db", "--no-defaults", "--datadir=\(data)",
                "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
                "--tmpdir=\(folder.path)", "--innodb-log-file-size=32M",
            ]
            _ = try ChildProcess.run(Self.unprivileged(program + layout), folder: scratch)
        case .mySQL where layout.isEmpty:
            // Copied, as making one takes seconds.
            _ = try ChildProcess.run(Self.unprivileged(["cp", "-r", "\(mysqlFolder)/data", data]), folder: scratch)
        case .mySQL:
            let program = [
                kind.program, "--no-defaults", "--initialize-insecure", "--datadir=\(data)", "--tmpdir=\(folder.path)",
            ]
            _ = try ChildProcess.run(
                Self.unprivileged(program + Self.mysqlOptions + layout), folder: scratch)
        }
    }

    private static func unprivileged(_ arguments: [String]) -> [String] {
        guard geteuid() == 0, let user = getpwnam("mysql") else { return arguments }
        return ["setpriv", "--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)", "--clear-groups"]
            + arguments
    }

    private static let mysqlOptions = [
        "--basedir=\(mysqlFolder)", "--lc-messages-dir=\(mysqlFolder)/share",
        "--character-sets-dir=\(mysqlFolder)/share/charsets", "--plugin-dir=\(mysqlFolder)/lib/plugin",
        // Tests kill servers, not machines.
        "--innodb-flush-method=nosync",
    ]

    /// Starts it (again); `more` options stand over those of the beginning.
    package func start(with more: [String] = []) throws {
        let own: [String]
        switch kind {
        case .mariaDB: own = ["--innodb-log-file-size=32M"]
        case .mySQL:
            own = Self.mysqlOptions + ["--innodb-redo-log-capacity=64M", "--mysqlx=OFF", "--secure-file-priv=NULL"]
        }
        process = try ChildProcess(
            Self.unprivileged(
                [
                    kind.program, "--no-defaults", "--datadir=\(folder.path)/data", "--port=\(port)",
                    "--bind-address=127.0.0.1", "--tmpdir=\(folder.path)", "--socket=\(socket)", "--skip-name-resolve",
                    "--skip-log-bin", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2",
                    "--character-set-server=utf8mb4",
                ] + own + (settings + more).map { "--\($0)" }), folder: folder)
        try eventually(within: 60, "\(kind) does not answer: \(process?.errors.suffix(1000) ?? "")") {
            if let code = process?.exitCode {
                throw ChildProcess.Failure(description: "\(kind) exited \(code): \(process?.errors.suffix(3000) ?? "")")
            }
            return (try? sql("SELECT 1", database: "mysql")) == "1"
        }
    }

    /// Ends it at once, as a crash would.
    package func kill9() { process?.stop(SIGKILL) }

    /// Ends it in order.
    package func stop() throws {
        process?.stop(SIGTERM)
        _ = try process?.wait(seconds: 60)
    }

    /// Stops all its threads, or lets them go on: it takes connections and answers nothing.
    package func freeze(_ isFrozen: Bool) { process?.stop(isFrozen ? SIGSTOP : SIGCONT) }

    package var certificate: String { "\(folder.path)/server.pem" }

    package var socket: String { "\(folder.path)/s.sock" }

    package var url: String { "mysql://buz:secret%20word@127.0.0.1:\(port)/shop_copy" }

    /// The table of sessions. MySQL's in information_schema fails while one of them runs a statement with characters beyond utf8mb3.
    package var sessionTable: String {
        kind == .mySQL ? "performance_schema.processlist" : "information_schema.PROCESSLIST"
    }

    /// Ends the sessions of the user `buz`.
    package func interrupt() throws {
        let sessions = try sql("SELECT ID FROM \(sessionTable) WHERE USER = 'buz'")
        // One that is gone meanwhile is no error.
        for session in sessions.split(separator: "\n") { _ = try? sql("KILL \(session)") }
    }

    /// Runs SQL as the administrator, stopping at the first error; rows are lines, columns divided by `|`.
    @discardableResult
    package func sql(_ text: String, database: String = "shop_copy", seconds: Double = 120) throws -> String {
        let scratch = try TemporaryFolder("buzsql")
        let output = try ChildProcess.run(
            [
                "/usr/bin/mariadb", "--no-defaults", "--socket=\(socket)", "--user=root", "--batch",
                "--skip-column-names", "--default-character-set=utf8mb4", "--max-allowed-packet=1G", database, "-e",
                text,
            ], folder: scratch, seconds: seconds)
        let text = output.hasSuffix("\n") ? String(output.dropLast()) : output
        return text.replacing("\t", with: "|")
    }
}

private let mysqlFolder = getenv("BUZ_MYSQL").map { String(cString: $0) } ?? "/var/cache/buz-cdc/mysql"
