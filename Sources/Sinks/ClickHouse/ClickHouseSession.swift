import CoreIngest
import HTTPClient

/// Statements for one ClickHouse server, over its HTTP interface. Without state at the server: names are whole, settings stand in the
/// statements. Calls block, within the settings' limits.
struct ClickHouseSession: Sendable {
    private let client = HTTPClient()
    private let settings: ClickHouseSinkSettings
    private let url: String
    /// Begins the id of each of this sink's statements.
    private let prefix: String

    init(_ settings: ClickHouseSinkSettings) {
        self.settings = settings
        prefix = "buz-\(settings.name)-"
        url = settings.url.hasSuffix("/") ? settings.url : settings.url + "/"
    }

    /// Runs a statement that answers nothing.
    func run(_ sql: String) throws(ClickHouseFailure) { _ = try send(Array(sql.utf8)) }

    /// Rows of a statement whose columns are all of type `Nullable(String)`. Everything of the answer is held: at most `bytes`.
    func texts(_ sql: String, columns: Int, bytes: Int = 16 << 20) throws(ClickHouseFailure) -> [[String?]] {
        var rows: [[String?]] = []
        var row: [String?] = []
        try cells(sql, bytes: bytes) { cell in
            row.append(cell.map { String(decoding: $0, as: UTF8.self) })
            if row.count == columns {
                rows.append(row)
                row = []
            }
        }
        return rows
    }

    /// As ``texts(_:columns:bytes:)``, cell by cell; the bytes are valid during the call.
    func cells(
        _ sql: String, bytes: Int, _ take: (UnsafeRawBufferPointer?) -> Void
    ) throws(ClickHouseFailure) {
        let answer = try select(sql, bytes: bytes)
        var isWhole = true
        answer.withUnsafeBytes { buffer in
            var texts = RowBinaryTexts(buffer)
            while !texts.isAtEnd {
                guard let cell = texts.next() else {
                    isWhole = false
                    return
                }
                take(cell)
            }
        }
        if !isWhole { throw ClickHouseFailure(.unavailable, "an answer ended within a row") }
    }

    /// The bytes of a statement's rows in RowBinary. Waits for the last row, so that an error is not an answer's end.
    func select(_ sql: String, bytes: Int) throws(ClickHouseFailure) -> [UInt8] {
        try send(
            Array("\(sql) FORMAT RowBinary".utf8), waits: true,
            bytes: bytes)
    }

    /// Inserts rows: the statement up to its `FORMAT`, and their bytes in RowBinary behind it.
    func insert(_ sql: String, rows: borrowing ByteArena) throws(ClickHouseFailure) {
        var body = ByteArena(capacity: rows.count + sql.utf8.count + 32)
        body.append(text: sql)
        body.append(" FORMAT RowBinary\n")
        body.append(rows.bytes)
        _ = try send(body.bytes, isCompressed: settings.isCompressed)
    }

    /// How many inserts of this sink the server still works on, as of an instance that ended. 0 where the user may not know.
    func running() throws(ClickHouseFailure) -> Int {
        do throws(ClickHouseFailure) {
            let rows = try texts(
                """
                SELECT CAST(toString(count()), 'Nullable(String)') FROM system.processes WHERE startsWith(query_id, \(clickHouseLiteral(prefix + "i")))
                """, columns: 1)
            return rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
        } catch {
            if error.kind == .unauthorized { return 0 }
            throw error
        }
    }

    func close() { client.close() }

    private func send(_ body: [UInt8], waits: Bool = false, bytes: Int = 1 << 20) throws(ClickHouseFailure) -> [UInt8] {
        let result: Result<[UInt8], ClickHouseFailure> = body.withUnsafeBytes { buffer in
            do throws(ClickHouseFailure) {
                return .success(try send(buffer, isCompressed: false, waits: waits, bytes: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func send(
        _ body: UnsafeRawBufferPointer, isCompressed: Bool, waits: Bool = false, bytes: Int = 1 << 20
    ) throws(ClickHouseFailure) -> [UInt8] {
        // Letters for what it is: i for an insert, s for the others.
        let isInsert = body.count > 6 && body[0] == UInt8(ascii: "I")
        let id = "\(prefix)\(isInsert ? "i" : "s")\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        var request = HTTPRequest(.post, "\(url)?query_id=\(id)\(waits ? "&wait_end_of_query=1" : "")")
        request.headers["X-ClickHouse-User"] = settings.user
        if let password = settings.password { request.headers["X-ClickHouse-Key"] = password }
        if isCompressed { request.compression = .zstd }
        request.limits.connect = settings.connectTimeout
        request.limits.total = settings.timeout
        request.limits.responseBytes = bytes
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try client.send(request, body: body)
        } catch {
            throw ClickHouseFailure(error)
        }
        // An error may come after the headers of a success.
        guard response.isSuccess, response.headers["X-ClickHouse-Exception-Code"] == nil else {
            throw ClickHouseFailure(response)
        }
        return response.body
    }
}
