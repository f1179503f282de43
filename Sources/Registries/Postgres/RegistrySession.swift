import CLibPQ
import CoreIngest

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One connection to Postgres, each call within a time limit. Not thread safe.
///
/// Unchecked: whoever has it holds the lock of its ``TableRegistry``.
final class RegistrySession: @unchecked Sendable {
    /// `state`: Postgres's code, where it answered with one. `message`: one line, without the connection string.
    struct Failure: Error {
        var state: String?
        var message: String
    }

    /// PG_DIAG_SQLSTATE, a macro that Swift does not import.
    private static let stateField = Int32(UInt8(ascii: "C"))

    private let handle: OpaquePointer
    private let timeout: Duration
    /// Not after a lost connection or a passed deadline.
    private(set) var isUsable = true

    init(_ url: String, timeout: Duration) throws(SchemaError) {
        self.timeout = timeout
        let milliseconds = Int(timeout / .milliseconds(1))
        let parameters = [
            ("fallback_application_name", "buz-cdc registry"), ("dbname", url),
            ("connect_timeout", "\(max(2, milliseconds / 1000))"), ("client_encoding", "UTF8"),
            ("tcp_user_timeout", "\(milliseconds)"),
        ]
        var names: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for pointer in names + values { free(UnsafeMutablePointer(mutating: pointer)) } }
        guard let handle = PQconnectdbParams(&names, &values, 1) else {
            throw SchemaError(.unavailable, "no memory for a connection to Postgres")
        }
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        guard PQstatus(handle) == CONNECTION_OK else {
            let text = Self.line(PQerrorMessage(handle))
            PQfinish(handle)
            // What libpq cannot read of a connection string it quotes, and that may be a part of the password.
            let safe = text.hasPrefix("connection to server") ? text : String(text.prefix { $0 != "\"" && $0 != ":" })
            throw SchemaError(.unavailable, "the registry's Postgres cannot be connected to: \(safe)")
        }
        PQsetnonblocking(handle, 1)
        self.handle = handle
    }

    deinit { PQfinish(handle) }

    func query(_ sql: String, _ parameters: [String]) throws(Failure) -> [[String?]] {
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0)) }
        defer { for value in values { free(UnsafeMutablePointer(mutating: value)) } }
        guard PQsendQueryParams(handle, sql, Int32(values.count), nil, &values, nil, nil, 0) == 1 else { throw lost() }
        let deadline = ContinuousClock.now + timeout
        var rows: [[String?]] = []
        var failure: Failure?
        while true {
            try flushAndWait(deadline)
            guard let result = PQgetResult(handle) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: rows = Self.rows(result)
            case PGRES_COMMAND_OK: break
            default:
                failure = Failure(
                    state: PQresultErrorField(result, Self.stateField).map { String(cString: $0) },
                    message: Self.line(PQresultErrorMessage(result)))
                if PQstatus(handle) != CONNECTION_OK { isUsable = false }
            }
        }
        if let failure { throw failure }
        return rows
    }

    /// Until a result can be had without waiting.
    private func flushAndWait(_ deadline: ContinuousClock.Instant) throws(Failure) {
        while true {
            let unsent = PQflush(handle)
            if unsent < 0 { throw lost() }
            if unsent == 0, PQisBusy(handle) == 0 { return }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else {
                isUsable = false
                throw Failure(state: nil, message: "Postgres has not answered within \(timeout)")
            }
            var descriptor = pollfd(
                fd: PQsocket(handle), events: Int16(POLLIN) | (unsent > 0 ? Int16(POLLOUT) : 0), revents: 0)
            if poll(&descriptor, 1, Int32(min(1000, left / .milliseconds(1)) + 1)) > 0, PQconsumeInput(handle) == 0 {
                throw lost()
            }
        }
    }

    private func lost() -> Failure {
        isUsable = false
        return Failure(state: nil, message: Self.line(PQerrorMessage(handle)))
    }

    private static func rows(_ result: OpaquePointer) -> [[String?]] {
        (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1
                    ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
            }
        }
    }

    private static func line(_ text: UnsafePointer<CChar>?) -> String {
        let text = text.map { String(cString: $0) } ?? "no reason is known"
        return text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: "; ")
    }
}
