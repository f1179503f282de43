import CLibPQ
import CoreIngest
import Glibc

/// One connection to Postgres, closed when it goes out of scope. Owns libpq's handle; used by one thread at a time.
///
/// Every wait is a `poll(2)` that ends at a deadline or when `signal` fires, so a caller is never caught in the library.
struct PostgresConnection: ~Copyable {
    private let raw: OpaquePointer
    private let secrets: [String]
    /// `user@host:port/database`
    let label: String
    /// What the server says aside.
    let notices: NoticeLog

    /// Connects. Waits at most the connection string's `connect_timeout` for each host.
    init(_ options: ConnectionOptions) throws(SourceError) {
        let notices = NoticeLog()
        let keywords = options.parameters.map { strdup($0.keyword) }
        let values = options.parameters.map { strdup($0.value) }
        defer { for pointer in keywords + values { free(pointer) } }
        let keywordList = keywords.map { UnsafePointer($0) } + [nil]
        let valueList = values.map { UnsafePointer($0) } + [nil]
        guard let raw = PQconnectdbParams(keywordList, valueList, 0) else {
            throw SourceError(.resource, "out of memory while connecting to \(options.label)")
        }
        guard PQstatus(raw) == CONNECTION_OK else {
            let text = SecretMask.clean(String(cString: PQerrorMessage(raw)), secrets: options.secrets)
            PQfinish(raw)
            throw Self.connectError(text, label: options.label)
        }
        // Such a server converts nothing, and refuses what is not valid in the client's encoding: a row that can be stored
        // there could then never be read. Its bytes are taken as they are, and looked at here.
        let encoding = PQparameterStatus(raw, "server_encoding").map { String(cString: $0) }
        if encoding == "SQL_ASCII", PQsetClientEncoding(raw, "SQL_ASCII") != 0 {
            let text = SecretMask.clean(String(cString: PQerrorMessage(raw)), secrets: options.secrets)
            PQfinish(raw)
            throw SourceError(.connectionLost, "\(options.label) refused the client encoding SQL_ASCII: \(text)")
        }
        self.raw = raw
        self.notices = notices
        secrets = options.secrets
        label = options.label
        PQsetNoticeReceiver(raw, Self.receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { PQfinish(raw) }

    /// 150020 for 15.20.
    var serverVersion: Int { Int(PQserverVersion(raw)) }
    var socket: Int32 { PQsocket(raw) }
    var isBroken: Bool { PQstatus(raw) != CONNECTION_OK }
    var backendPID: Int32 { PQbackendPID(raw) }

    /// Bytes that lie in the socket's buffer; 0 where that cannot be told.
    var readableBytes: Int { max(0, Int(SocketBacklog.bytes(socket))) }

    // MARK: Statements

    /// Runs one statement and answers its rows. Ends with ``SourceError/Code/timedOut`` at the deadline (the statement is
    /// cancelled) and with ``SourceError/Code/stopped`` when `stopping` answers true after the signal fired.
    @discardableResult
    func query(
        _ sql: String, timeout: Duration = .seconds(15), signal: WakeSignal? = nil, stopping: (() -> Bool)? = nil
    ) throws(SourceError) -> [[String?]] {
        let deadline = ContinuousClock.now + timeout
        guard PQsendQuery(raw, sql) == 1 else { throw failure(.connectionLost, "cannot send a statement") }
        var rows: [[String?]] = []
        var problem: SourceError?
        while true {
            try waitForResult(deadline, signal: signal, stopping: stopping)
            guard let result = PQgetResult(raw) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: rows = Self.rows(result)
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_OUT, PGRES_COPY_IN, PGRES_COPY_BOTH:
                throw SourceError(.queryFailed, "the server began a copy where rows were expected (\(label))")
            default: problem = problem ?? refusal(result)
            }
        }
        if let problem { throw problem }
        return rows
    }

    /// Starts a statement that copies: `COPY … TO STDOUT` or `START_REPLICATION`. Then ``receive()``.
    func startCopy(
        _ sql: String, timeout: Duration = .seconds(60), signal: WakeSignal? = nil, stopping: (() -> Bool)? = nil
    ) throws(SourceError) {
        guard PQsendQuery(raw, sql) == 1 else { throw failure(.connectionLost, "cannot send a statement") }
        try waitForResult(ContinuousClock.now + timeout, signal: signal, stopping: stopping)
        guard let result = PQgetResult(raw) else { throw failure(.connectionLost, "no answer to a statement") }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COPY_OUT, PGRES_COPY_BOTH: PQsetnonblocking(raw, 1)
        default: throw refusal(result)
        }
    }

    private func waitForResult(
        _ deadline: ContinuousClock.Instant, signal: WakeSignal?, stopping: (() -> Bool)?
    ) throws(SourceError) {
        while true {
            let unsent = PQflush(raw)
            if unsent < 0 { throw failure(.connectionLost, "the connection broke") }
            if unsent == 0, PQisBusy(raw) == 0 { return }
            if ContinuousClock.now >= deadline {
                cancel()
                throw SourceError(.timedOut, "no answer from \(label) in time: look at locks and load of the server")
            }
            let outcome = Wait.until(deadline, socket: socket, reading: true, writing: unsent == 1, signal: signal)
            if outcome.contains(.woken), stopping?() == true {
                cancel()
                throw SourceError(.stopped, "stopped while waiting for \(label)")
            }
            if outcome.contains(.readable), PQconsumeInput(raw) == 0 {
                throw failure(.connectionLost, "the connection broke")
            }
        }
    }

    /// Asks the server to give up what runs on this connection.
    private func cancel() {
        guard let handle = PQgetCancel(raw) else { return }
        defer { PQfreeCancel(handle) }
        var text = [CChar](repeating: 0, count: 256)
        PQcancel(handle, &text, 256)
    }

    // MARK: Copying

    /// What a copy has to give, at once.
    enum Step: ~Copyable {
        case message(CopyMessage)
        /// Nothing complete is here: wait for the socket, then ``readSocket()``.
        case wait
        /// The server has ended the copy: see ``finishCopy()``.
        case finished
    }

    /// The next message of a copy, if it is here.
    func receive() throws(SourceError) -> Step {
        var buffer: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(raw, &buffer, 1)
        if count > 0, let buffer { return .message(CopyMessage(taking: buffer, count: Int(count))) }
        if count == 0 { return .wait }
        if count == -1 { return .finished }
        throw failure(.connectionLost, "the stream broke")
    }

    /// Takes in what the socket holds.
    func readSocket() throws(SourceError) {
        if PQconsumeInput(raw) == 0 { throw failure(.connectionLost, "the connection broke") }
    }

    /// Queues a message to the server; ``flush()`` sends it.
    func send(_ bytes: borrowing ByteArena) throws(SourceError) {
        let data = bytes.bytes
        let code = PQputCopyData(raw, data.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(data.count))
        // 0: the buffer could not grow; the message is lost, and the next status says the same and more.
        if code < 0 { throw failure(.connectionLost, "cannot send to the server") }
    }

    /// Sends what is queued as far as the socket takes it. True when bytes remain: call again when it is writable.
    func flush() throws(SourceError) -> Bool {
        let code = PQflush(raw)
        if code < 0 { throw failure(.connectionLost, "cannot send to the server") }
        return code == 1
    }

    /// Says that no more will be sent.
    func sendCopyDone() throws(SourceError) {
        if PQputCopyEnd(raw, nil) < 0 { throw failure(.connectionLost, "cannot end the stream") }
    }

    /// After ``Step/finished``: takes the results until there are none. Throws what the server ended the copy with.
    func finishCopy(timeout: Duration = .seconds(10)) throws(SourceError) {
        let deadline = ContinuousClock.now + timeout
        var problem: SourceError?
        while true {
            try waitForResult(deadline, signal: nil, stopping: nil)
            guard let result = PQgetResult(raw) else { break }
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            if status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE { problem = problem ?? refusal(result) }
            // The server has ended its side, ours is open still: the results come after both have.
            if status == PGRES_COPY_IN { try sendCopyDone() }
            if status == PGRES_COPY_BOTH || status == PGRES_COPY_OUT { break }
        }
        PQsetnonblocking(raw, 0)
        if let problem { throw problem }
    }

    // MARK: Errors

    private func failure(_ code: SourceError.Code, _ what: String) -> SourceError {
        let text = SecretMask.clean(String(cString: PQerrorMessage(raw)), secrets: secrets)
        return SourceError(code, "\(what) (\(label)): \(text.isEmpty ? "no reason given" : text)")
    }

    private func refusal(_ result: OpaquePointer) -> SourceError {
        let state = Self.field(result, "C")
        var text = Self.field(result, "M") ?? String(cString: PQresultErrorMessage(result))
        // The detail of an error may quote a row (unique violations, failed checks); its hint never does.
        if let hint = Self.field(result, "H") { text += "; hint: \(hint)" }
        text = SecretMask.clean(text, secrets: secrets)
        let code = PQstatus(raw) == CONNECTION_OK ? SourceErrorPolicy.code(forRefused: state) : .connectionLost
        return SourceError(code, "\(label): \(text)\(state.map { " (SQLSTATE \($0))" } ?? "")", sqlState: state)
    }

    private static func connectError(_ text: String, label: String) -> SourceError {
        // libpq keeps no SQLSTATE of a failed connection, and the texts may be translated: told apart by what is stable.
        let refused = ["password authentication failed", "pg_hba.conf", "no password supplied", "does not exist"]
        if refused.contains(where: { text.contains($0) }), !text.contains("No such file") {
            return SourceError(
                .accessRefused,
                "\(label) refused the connection: \(text); check user, password, database and pg_hba.conf",
                sqlState: "28000")
        }
        return SourceError(.connectFailed, "cannot connect to \(label): \(text)")
    }

    private static let receiveNotice: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = {
        context, result in
        guard let context, let result else { return }
        let log = Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue()
        log.add(
            NoticeLog.Notice(
                severity: field(result, "V") ?? "", sqlState: field(result, "C") ?? "",
                message: field(result, "M") ?? ""))
    }

    private static func field(_ result: OpaquePointer, _ letter: Unicode.Scalar) -> String? {
        guard let text = PQresultErrorField(result, Int32(letter.value)) else { return nil }
        return String(cString: text)
    }

    private static func rows(_ result: OpaquePointer) -> [[String?]] {
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                guard PQgetisnull(result, row, column) == 0, let bytes = PQgetvalue(result, row, column) else {
                    return nil
                }
                let count = Int(PQgetlength(result, row, column))
                return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
            }
        }
    }
}

/// One message of a copy; its memory is libpq's and is given back when it goes out of scope.
struct CopyMessage: ~Copyable {
    private let base: UnsafeMutablePointer<CChar>
    let count: Int

    init(taking base: UnsafeMutablePointer<CChar>, count: Int) {
        self.base = base
        self.count = count
    }

    deinit { PQfreemem(base) }

    /// Valid as long as the message lives.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}
