import Glibc

/// A throwaway MariaDB on a loopback port and a Unix socket. It has a database `shop_copy`, of which the user `buz` may do
/// what docs/sinks/mysql.md grants.
package final class MariaDBServer: @unchecked Sendable {
    // Safe to share: only `process` changes, by the one test that uses it.
    package let folder: TemporaryFolder
    package let port: Int
    package let password = "secret word"
    private let settings: [String]
    private var process: ChildProcess?

    /// Whether it can be started here; says so where it cannot. scripts/install.sh test installs it.
    package static let isInstalled: Bool = {
        let programs: [String] = ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/mariadb"]
        let found = programs.allSatisfy { (path: String) in access(path, X_OK) == 0 }
        if !found { print("SKIPPED: no MariaDB: run scripts/install.sh test") }
        return found
    }()

    /// Starts a server; `settings` are options of `mariadbd`, without dashes. With `hasTLS` it speaks TLS for `localhost` and 127.0.0.1;
    /// who trusts ``certificate`` trusts it.
    package init(settings: [String] = [], hasTLS: Bool = false) throws {
        folder = try TemporaryFolder("buzmaria")
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
                throw ChildProcess.Failure(description: "MariaDB does not run as root, and there is no user mysql")
            }
            chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let scratch = try TemporaryFolder("buzctl")
        _ = try ChildProcess.run(
            Self.unprivileged(
                [
                    "/usr/bin/mariadb-install-db", "--no-defaults", "--datadir=\(folder.path)/data",
                    "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
                    "--tmpdir=\(folder.path)",
                    "--innodb-log-file-size=32M",
                ] + self.settings.filter { $0.hasPrefix("innodb-") }.map { "--\($0)" }), folder: scratch)
        try start()
        try sql(
            """
            CREATE DATABASE shop_copy CHARACTER SET utf8mb4;
            CREATE USER buz@'127.0.0.1' IDENTIFIED BY '\(password)';
            GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON shop_copy.* TO buz@'127.0.0.1';
            """, database: "mysql")
    }

    deinit { process?.stop(SIGKILL) }

    private static func unprivileged(_ arguments: [String]) -> [String] {
        guard geteuid() == 0, let user = getpwnam("mysql") else { return arguments }
        return ["setpriv", "--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)", "--clear-groups"]
            + arguments
    }

    /// Starts it (again); `more` options stand over those of the beginning.
    package func start(with more: [String] = []) throws {
        process = try ChildProcess(
            Self.unprivileged(
                [
                    "/usr/sbin/mariadbd", "--no-defaults", "--datadir=\(folder.path)/data", "--port=\(port)",
                    "--bind-address=127.0.0.1", "--tmpdir=\(folder.path)", "--socket=\(socket)", "--skip-name-resolve",
                    "--skip-log-bin",
                    "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M",
                    "--innodb-flush-log-at-trx-commit=2", "--character-set-server=utf8mb4",
                ] + (settings + more).map { "--\($0)" }), folder: folder)
        try eventually(within: 60, "MariaDB does not answer: \(process?.errors.suffix(1000) ?? "")") {
            (try? sql("SELECT 1", database: "mysql")) == "1"
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
