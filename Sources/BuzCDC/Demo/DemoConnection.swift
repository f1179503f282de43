import CLibPQ

/// A connection of the demo's traffic, owned by one thread.
final class DemoConnection {
    private let connection: OpaquePointer

    init(_ url: String) throws(CommandFailure) {
        guard let connection = PQconnectdb(url) else { throw .failed("the demo has no memory for a connection") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = Self.firstLine(PQerrorMessage(connection).map { UnsafePointer($0) })
            PQfinish(connection)
            throw .failed("the demo cannot connect to its Postgres: \(message)")
        }
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        self.connection = connection
    }

    deinit { PQfinish(connection) }

    /// Runs SQL and answers the first column of the first row, empty when there is none.
    @discardableResult
    func run(_ sql: String) throws(CommandFailure) -> String {
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else {
            throw .failed(
                "the demo's SQL failed: \(Self.firstLine(PQresultErrorMessage(result).map { UnsafePointer($0) }))")
        }
        guard PQntuples(result) > 0, let value = PQgetvalue(result, 0, 0) else { return "" }
        return String(cString: value)
    }

    private static func firstLine(_ message: UnsafePointer<CChar>?) -> String {
        guard let message else { return "no message" }
        return String(String(cString: message).prefix { $0 != "\n" })
    }
}
