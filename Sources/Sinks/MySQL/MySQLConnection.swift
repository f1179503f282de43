import CLibMariaDB
import CoreIngest

/// One session with the destination. Calls block the lane's thread, each within its time limit.
///
/// After a lost connection or a passed deadline the session is of no use any more: ``isUsable`` is false.
final class MySQLConnection: SavepointSession {
    private let handle: UnsafeMutablePointer<MYSQL>
    private(set) var isUsable = true
    /// What the server answered about itself.
    private(set) var server = MySQLServerTraits()
    private var lastUse = ContinuousClock.now

    /// How long a session may be silent before it is asked whether it still is.
    private static let trusted = Duration.seconds(30)

    /// Connects. Failures are without the password. `statement`: the bound of waiting for an answer.
    init(_ settings: MySQLSinkSettings, statement: Duration? = nil) throws(MySQLFailure) {
        let address = try MySQLAddress(settings.url)
        guard let handle = mysql_init(nil) else {
            throw MySQLFailure(.connectionLost, "out of memory while connecting")
        }
        self.handle = handle
        MySQLSignIn.register(handle)
        let limit = statement ?? settings.statementTimeout
        setOptions(settings, limit)
        guard
            mysql_real_connect(
                handle, address.host.isEmpty ? "localhost" : address.host, address.user, address.password,
                address.database, address.port, address.socket, 2 /* CLIENT_FOUND_ROWS */) != nil
        else {
            var failure = failure()
            if failure.kind == .connectionLost { failure.message = "cannot connect: \(failure.message)" }
            if failure.code == 2026 { failure.message += ": check `tls`, `caFile` and the name in `url`" }
            throw failure
        }
        let isEncrypted = mysql_get_ssl_cipher(handle) != nil
        if !isEncrypted, settings.tls == .required || settings.tls == .verify {
            throw MySQLFailure(
                .misconfigured,
                "the server speaks no TLS, and tls is \(settings.tls.rawValue): give the server a certificate, or set tls: off"
            )
        }
        try prepareSession(settings, limit)
    }

    deinit { mysql_close(handle) }

    private func setOptions(_ settings: MySQLSinkSettings, _ statement: Duration) {
        func set(_ option: mysql_option, seconds: Duration) {
            var value = UInt32(clamping: max(1, (seconds.milliseconds + 999) / 1000))
            mysql_options(handle, option, &value)
        }
        func set(_ option: mysql_option, _ isOn: Bool) {
            var value: my_bool = isOn ? 1 : 0
            mysql_options(handle, option, &value)
        }
        set(MYSQL_OPT_CONNECT_TIMEOUT, seconds: settings.connectTimeout)
        set(MYSQL_OPT_READ_TIMEOUT, seconds: statement)
        set(MYSQL_OPT_WRITE_TIMEOUT, seconds: statement)
        mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        // No server may ask for files of this machine.
        var none: UInt32 = 0
        mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &none)
        set(MYSQL_OPT_RECONNECT, false)
        switch settings.tls {
        case .off: set(MYSQL_OPT_SSL_ENFORCE, false)
        case .preferred, .required:
            set(MYSQL_OPT_SSL_ENFORCE, true)
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, false)
        case .verify:
            set(MYSQL_OPT_SSL_ENFORCE, true)
            // Without a file OpenSSL asks those that the system has for it.
            if let file = settings.caFile { mysql_options(handle, MYSQL_OPT_SSL_CA, file) }
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, true)
        }
        if settings.tls != .verify {
            // Whoever sits between could ask for the password as it is; these send none outside of TLS.
            mysql_options(
                handle, MARIADB_OPT_RESTRICTED_AUTH,
                "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec")
        }
    }

    // MARK: Session

    /// Pins what statements depend on. A write is a transaction that is begun by hand, so a session that does nothing holds nothing.
    private func prepareSession(_ settings: MySQLSinkSettings, _ statement: Duration) throws(MySQLFailure) {
        try run(
            """
            SET SESSION sql_mode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
            ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', autocommit = 1
            """)
        try run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        let lock = max(1, settings.lockTimeout.milliseconds / 1000)
        let seconds = statement.milliseconds / 1000 + 1
        // What a server does not have, it does not need.
        for setting in [
            "innodb_lock_wait_timeout = \(lock)", "lock_wait_timeout = \(lock)", "wait_timeout = \(seconds + 240)",
            "net_write_timeout = 600", "unique_checks = 1", "sql_safe_updates = 0", "max_statement_time = \(seconds)",
        ] {
            do throws(MySQLFailure) {
                try run("SET SESSION \(setting)")
            } catch {
                guard isUsable, error.kind != .connectionLost else { throw error }
            }
        }
        server = try MySQLServerTraits(of: self)
    }

    /// Whether the session still answers, where it was silent for long: servers end idle sessions.
    func isAlive() -> Bool {
        guard isUsable else { return false }
        guard lastUse.duration(to: .now) > Self.trusted else { return true }
        lastUse = .now
        if mysql_ping(handle) != 0 { isUsable = false }
        return isUsable
    }

    // MARK: Statements

    /// Runs one statement that answers no rows, and answers how many it found.
    @discardableResult
    func run(_ sql: String) throws(MySQLFailure) -> Int {
        var sql = sql
        let failed = sql.withUTF8 { send(UnsafeRawBufferPointer($0)) }
        return try finish(failed)
    }

    /// The same, for a statement of bytes.
    @discardableResult
    func run(_ sql: borrowing ByteArena) throws(MySQLFailure) -> Int { try finish(send(sql.bytes)) }

    private func send(_ sql: UnsafeRawBufferPointer) -> Bool {
        lastUse = .now
        guard let start = sql.baseAddress else { return true }
        return mysql_real_query(handle, start.assumingMemoryBound(to: CChar.self), UInt(sql.count)) != 0
    }

    private func finish(_ failed: Bool) throws(MySQLFailure) -> Int {
        if failed { throw failure() }
        if let result = mysql_store_result(handle) {
            mysql_free_result(result)
            return 0
        }
        if mysql_errno(handle) != 0 { throw failure() }
        return Int(clamping: mysql_affected_rows(handle))
    }

    /// Runs a query and answers its rows, which are few.
    func texts(_ sql: String) throws(MySQLFailure) -> [[String?]] {
        var rows: [[String?]] = []
        try query(sql) { cells throws(MySQLFailure) in
            rows.append((0..<cells.count).map { cells[$0].map { String(decoding: $0, as: UTF8.self) } })
        }
        return rows
    }

    /// Runs a query and hands its rows over as they come.
    func query(
        _ sql: String, _ take: (_ cells: borrowing MirrorCells) throws(MySQLFailure) -> Void
    ) throws(MySQLFailure) {
        var sql = sql
        if sql.withUTF8({ send(UnsafeRawBufferPointer($0)) }) { throw failure() }
        guard let result = mysql_use_result(handle) else { throw failure() }
        // What is left of the answer is read, and thrown away.
        defer { mysql_free_result(result) }
        let count = Int(mysql_num_fields(result))
        var cells = MirrorCells()
        while let row = mysql_fetch_row(result) {
            guard let lengths = mysql_fetch_lengths(result) else { throw failure() }
            cells.clear()
            for index in 0..<count {
                if let value = row[index] {
                    cells.bytes.append(UnsafeRawBufferPointer(start: value, count: Int(lengths[index])))
                    cells.end()
                } else {
                    cells.endNull()
                }
            }
            try take(cells)
        }
        if mysql_errno(handle) != 0 { throw failure() }
    }

    private func failure() -> MySQLFailure {
        let code = mysql_errno(handle)
        let state = mysql_sqlstate(handle).map { String(cString: $0) } ?? ""
        let text = mysql_error(handle).map { String(cString: $0) } ?? ""
        let failure = MySQLFailure(code: code, state: state, message: text.isEmpty ? "no answer" : text)
        if failure.kind == .connectionLost || code == 0 { isUsable = false }
        return failure
    }

    // MARK: Parts of a transaction

    func beginRows() throws(MySQLFailure) { try run("SAVEPOINT buz_rows") }
    func keepRows() throws(MySQLFailure) { try run("RELEASE SAVEPOINT buz_rows") }
    func takeRowsBack() throws(MySQLFailure) {
        try run("ROLLBACK TO SAVEPOINT buz_rows")
        try run("RELEASE SAVEPOINT buz_rows")
    }
}
