import CLibPQ
import CoreIngest
import Glibc

/// One session with the destination. Calls block the lane's thread, each within its time limit.
///
/// After a lost connection or a passed deadline the session is of no use any more: ``isUsable`` is false.
final class PostgresConnection {
    private let handle: OpaquePointer
    private(set) var isUsable = true
    /// The bound of a statement; the server has its own, and the grace lets its answer come first.
    let statementTimeout: Duration
    private static let grace = Duration.seconds(5)
    /// Bytes of COPY data handed to libpq at once: what its buffer grows to.
    private static let copyChunk = 1 << 17

    /// Connects. Failures are `connectionLost`, `permission` or `misconfigured`, without the connection string in them.
    init(_ settings: PostgresSessionSettings) throws(PostgresFailure) {
        statementTimeout = settings.statementTimeout
        try Self.checkSyntax(of: settings.url)
        let seconds = max(2, settings.connectTimeout.milliseconds / 1000)
        let dead = "\(settings.statementTimeout.milliseconds)"
        // What stands behind `dbname` wins over what the URI says. Only bounds and the encoding may not be overridden.
        let parameters: [(String, String)] = [
            ("fallback_application_name", "buz-cdc \(settings.name)"), ("dbname", settings.url),
            ("connect_timeout", "\(seconds)"), ("client_encoding", "UTF8"), ("keepalives", "1"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", dead),
        ]
        var names: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for pointer in names + values { free(UnsafeMutablePointer(mutating: pointer)) } }
        guard let handle = PQconnectdbParams(&names, &values, 1) else {
            throw PostgresFailure(.connectionLost, "out of memory while connecting")
        }
        // libpq prints notices to stderr by default.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        guard PQstatus(handle) == CONNECTION_OK else {
            let text = PQerrorMessage(handle).map { String(cString: $0) } ?? "no message"
            PQfinish(handle)
            throw Self.connectFailure(PostgresFailure.oneLine(text))
        }
        PQsetnonblocking(handle, 1)
        self.handle = handle
        try run(settings.preparation)
    }

    deinit { PQfinish(handle) }

    /// libpq does not pass the SQLSTATE of a refused connection on: these are told by their words, in English only.
    private static func connectFailure(_ text: String) -> PostgresFailure {
        if text.contains("password authentication failed") || text.contains("no pg_hba.conf entry")
            // Materialize's words.
            || text.contains("invalid password") || text.contains("invalid credentials")
            || text.contains("network policy") || text.contains("not allowed to login")
            || text.contains("role \"") && text.contains("does not exist") || text.contains("no password supplied")
        {
            return PostgresFailure(.permission, text)
        }
        return PostgresFailure(.connectionLost, "cannot connect: \(text)")
    }

    /// libpq quotes the whole string, with its password, when it cannot read it: only what stands before goes on.
    private static func checkSyntax(of url: String) throws(PostgresFailure) {
        var error: UnsafeMutablePointer<CChar>?
        if let options = PQconninfoParse(url, &error) {
            PQconninfoFree(options)
            return
        }
        let text = error.map { String(cString: $0) } ?? "out of memory"
        if let error { PQfreemem(error) }
        let cause = text.prefix { $0 != "\"" && $0 != ":" }
        throw PostgresFailure(.misconfigured, "url is not a Postgres connection string: \(cause)")
    }

    // MARK: Statements

    /// Runs one or more statements without parameters; throws the first error.
    func run(_ sql: String, within limit: Duration? = nil) throws(PostgresFailure) {
        _ = try query(sql, within: limit)
    }

    /// Runs statements and answers the last one's result.
    func query(_ sql: String, within limit: Duration? = nil) throws(PostgresFailure) -> PostgresResult {
        guard PQsendQuery(handle, sql) == 1 else { throw lost() }
        return try answer(deadline(limit))
    }

    /// Runs one statement with text parameters, whose types the server infers.
    func query(_ sql: String, _ parameters: [String?]) throws(PostgresFailure) -> PostgresResult {
        var values: [UnsafePointer<CChar>?] = parameters.map { $0.map { UnsafePointer(strdup($0)) } ?? nil }
        defer { for value in values { free(UnsafeMutablePointer(mutating: value)) } }
        guard PQsendQueryParams(handle, sql, Int32(values.count), nil, &values, nil, nil, 0) == 1 else { throw lost() }
        return try answer(deadline(nil))
    }

    /// Runs `COPY … FROM STDIN` with whole lines; answers the rows taken.
    ///
    /// `relation`: the table's bare name, as the server's error context gives it.
    @discardableResult
    func copy(_ sql: String, into relation: String, _ lines: UnsafeRawBufferPointer) throws(PostgresFailure) -> Int {
        guard PQsendQuery(handle, sql) == 1 else { throw lost() }
        let until = deadline(nil)
        let started = try answer(until)
        guard started.wantsCopyData else { throw PostgresFailure(.other, "the server did not accept COPY") }
        var offset = 0
        while offset < lines.count {
            let end = min(offset + Self.copyChunk, lines.count)
            try send(UnsafeRawBufferPointer(rebasing: lines[offset..<end]), until)
            offset = end
        }
        while true {
            let done = PQputCopyEnd(handle, nil)
            if done == 1 { break }
            if done < 0 { throw lost() }
            try drain(until)
        }
        return try answer(until, copying: relation).affected
    }

    private func send(_ bytes: UnsafeRawBufferPointer, _ until: ContinuousClock.Instant) throws(PostgresFailure) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        while true {
            let taken = PQputCopyData(handle, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            if taken == 1 { break }
            if taken < 0 { throw lost() }
            try drain(until)
        }
        // Otherwise libpq would keep everything in its own buffer, which has no bound.
        try flush(until)
    }

    // MARK: Waiting

    private func deadline(_ limit: Duration?) -> ContinuousClock.Instant {
        ContinuousClock.now + (limit ?? statementTimeout) + Self.grace
    }

    private func answer(_ until: ContinuousClock.Instant, copying relation: String? = nil) throws(PostgresFailure)
        -> PostgresResult
    {
        try flush(until)
        var firstFailure: PostgresFailure?
        var last: OpaquePointer?
        while true {
            while PQisBusy(handle) == 1 {
                try wait(Int16(POLLIN), until)
                if PQconsumeInput(handle) == 0 { throw discarding(last) }
            }
            guard let raw = PQgetResult(handle) else { break }
            if let last { PQclear(last) }
            last = raw
            let status = PQresultStatus(raw)
            if status == PGRES_COPY_IN { return PostgresResult(raw) }
            if status == PGRES_FATAL_ERROR, firstFailure == nil {
                let result = PostgresResult(raw)
                last = nil
                firstFailure = result.failure(copying: relation)
            }
        }
        if PQstatus(handle) == CONNECTION_BAD {
            var failure = firstFailure ?? lost()
            failure.kind = .connectionLost
            isUsable = false
            if let last { PQclear(last) }
            throw failure
        }
        if let firstFailure {
            if let last { PQclear(last) }
            if firstFailure.kind == .connectionLost { isUsable = false }
            throw firstFailure
        }
        guard let last else { throw lost() }
        return PostgresResult(last)
    }

    private func discarding(_ result: OpaquePointer?) -> PostgresFailure {
        if let result { PQclear(result) }
        return lost()
    }

    private func flush(_ until: ContinuousClock.Instant) throws(PostgresFailure) {
        while true {
            let left = PQflush(handle)
            if left == 0 { return }
            if left < 0 { throw lost() }
            try drain(until)
        }
    }

    /// Waits until the socket takes or has bytes, and reads what is there: a server that cannot send does not read.
    private func drain(_ until: ContinuousClock.Instant) throws(PostgresFailure) {
        let ready = try wait(Int16(POLLIN) | Int16(POLLOUT), until)
        if ready & Int16(POLLIN) != 0, PQconsumeInput(handle) == 0 { throw lost() }
        if PQflush(handle) < 0 { throw lost() }
    }

    @discardableResult
    private func wait(_ events: Int16, _ until: ContinuousClock.Instant) throws(PostgresFailure) -> Int16 {
        while true {
            let left = ContinuousClock.now.duration(to: until)
            guard left > .zero else {
                isUsable = false
                throw PostgresFailure(.connectionLost, "no answer in time: the session is given up")
            }
            var entry = pollfd(fd: PQsocket(handle), events: events, revents: 0)
            let count = poll(&entry, 1, Int32(clamping: left.milliseconds))
            if count > 0 { return entry.revents }
            if count < 0, errno != EINTR { throw lost() }
        }
    }

    private func lost() -> PostgresFailure {
        isUsable = false
        let text = PQerrorMessage(handle).map { PostgresFailure.oneLine(String(cString: $0)) } ?? ""
        return PostgresFailure(.connectionLost, "connection lost: \(text.isEmpty ? "no answer" : text)")
    }
}
