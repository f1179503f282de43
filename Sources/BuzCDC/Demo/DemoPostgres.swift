#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A throwaway Postgres in a folder: trust authentication, on the loopback address only.
struct DemoPostgres {
    let port: Int
    private let binaries: String
    private let folder: String

    /// Makes a cluster in `folder` and starts it. `log` gets what its programs print.
    init(folder: String, log: String) throws(CommandFailure) {
        guard let binaries = Self.findBinaries() else {
            throw .failed(
                "the demo found no Postgres server: install one (apt-get install postgresql), or set BUZ_PG_ROOT to a "
                    + "folder with VERSION/bin/postgres")
        }
        self.binaries = binaries
        self.folder = folder
        port = try Self.freePort()
        if geteuid() == 0, let user = Self.unprivilegedUser { chown(folder, user.pw_uid, user.pw_gid) }
        try Self.run(
            [
                "\(binaries)/initdb", "-D", "\(folder)/data", "-A", "trust", "-U", "postgres", "--no-sync", "-E",
                "UTF8",
                "--locale=C",
            ], log: log)
        // Its folder may be too deep for the 107 bytes of a socket's path, and nobody needs the socket.
        let options =
            "-p \(port) -c unix_socket_directories='' -c listen_addresses=127.0.0.1 -c wal_level=logical "
            + "-c fsync=off -c max_wal_senders=10 -c max_replication_slots=10"
        try Self.run(
            [
                "\(binaries)/pg_ctl", "-D", "\(folder)/data", "-w", "-t", "60", "-l", "\(folder)/postgres.log", "start",
                "-o", options,
            ], log: log)
    }

    /// Stops the server; what it holds is thrown away.
    func stop(log: String) {
        try? Self.run(["\(binaries)/pg_ctl", "-D", "\(folder)/data", "-w", "-m", "immediate", "stop"], log: log)
    }

    func url(_ database: String) -> String { "postgres://postgres@127.0.0.1:\(port)/\(database)" }

    /// The psql command that a person can type.
    func psql(_ database: String) -> String { "psql \(url(database))" }

    /// The newest server: from `BUZ_PG_ROOT`, else the distribution's, else pg_config's.
    private static func findBinaries() -> String? {
        var roots = ["/usr/lib/postgresql"]
        if let root = getenv("BUZ_PG_ROOT") { roots.insert(String(cString: root), at: 0) }
        for root in roots {
            for version in stride(from: 30, through: 14, by: -1) {
                let folder = "\(root)/\(version)/bin"
                if access("\(folder)/postgres", X_OK) == 0, access("\(folder)/initdb", X_OK) == 0 { return folder }
            }
        }
        guard let pipe = popen("pg_config --bindir 2>/dev/null", "r") else { return nil }
        var line = [CChar](repeating: 0, count: 4096)
        let read = fgets(&line, Int32(line.count), pipe)
        pclose(pipe)
        guard read != nil else { return nil }
        let bytes = line.prefix { $0 != 0 && $0 != CChar(bitPattern: UInt8(ascii: "\n")) }.map { UInt8(bitPattern: $0) }
        let folder = String(decoding: bytes, as: UTF8.self)
        return access("\(folder)/postgres", X_OK) == 0 ? folder : nil
    }

    /// Postgres refuses to run as root.
    private static func run(_ arguments: [String], log: String) throws(CommandFailure) {
        guard geteuid() == 0 else { return try DemoChild.run(arguments, log: log) }
        guard let user = unprivilegedUser else {
            throw .failed(
                "Postgres does not run as root, and there is no user postgres or nobody: run the demo as another user")
        }
        let drop = [
            "setpriv", "--reuid=\(user.pw_uid)", "--regid=\(user.pw_gid)", "--clear-groups", "env", "HOME=/tmp",
        ]
        try DemoChild.run(drop + arguments, log: log)
    }

    private static var unprivilegedUser: passwd? { (getpwnam("postgres") ?? getpwnam("nobody"))?.pointee }

    /// A TCP port on the loopback address that was free a moment ago.
    static func freePort() throws(CommandFailure) -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw .failed("the demo found no free port on 127.0.0.1") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
