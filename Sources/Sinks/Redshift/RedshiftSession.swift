import CoreIngest

/// One session with Redshift, which speaks Postgres's protocol and a dialect of its own: no savepoints, no upserts, and backslashes that
/// escape in literals. Calls block, each within its time limit.
final class RedshiftSession {
    private let connection: PostgresConnection
    /// Whether a backslash in a literal begins an escape: asked of the server, as no setting says it.
    let escapesBackslash: Bool
    let stages = RedshiftStages()
    /// By way of which many rows go; nil: none.
    let bucket: RedshiftBucket?

    /// Bytes of one statement; Redshift takes 16 MB.
    static let mostStatement = 16_000_000
    private static let usualStatement = 4_000_000

    /// Connects, and finds out how literals are read.
    init(_ settings: RedshiftSinkSettings, bucket: RedshiftBucket? = nil) throws(PostgresFailure) {
        self.bucket = bucket
        connection = try Self.translating { () throws(PostgresFailure) in
            try PostgresConnection(settings.session)
        }
        escapesBackslash = try connection.query(#"SELECT OCTET_LENGTH('\\')"#).text(0, 0) == "1"
    }

    var isUsable: Bool { connection.isUsable }

    /// Runs one statement; answers the rows that it touched.
    @discardableResult
    func run(_ sql: String) throws(PostgresFailure) -> Int {
        try Self.translating { () throws(PostgresFailure) in try connection.query(sql).affected }
    }

    /// Runs one statement and answers its rows as texts.
    func texts(_ sql: String) throws(PostgresFailure) -> [[String?]] {
        let result = try Self.translating { () throws(PostgresFailure) in try connection.query(sql) }
        let columns = result.columnCount
        return (0..<result.rowCount).map { row in (0..<columns).map { result.text(row, $0) } }
    }

    /// Runs a statement that defines something. What it fails for is never the fault of an event.
    func define(_ sql: String) throws(PostgresFailure) {
        do throws(PostgresFailure) {
            try run(sql)
        } catch {
            var failure = error
            if failure.kind == .data { failure.kind = .misconfigured }
            throw failure
        }
    }

    /// Runs a statement for some rows of a block, in as many parts as the bound of a statement asks for.
    func run(_ head: String, _ rows: Range<Int>, of block: borrowing RowBlock) throws(PostgresFailure) {
        var next = rows.lowerBound
        while next < rows.upperBound {
            var end = next + 1
            while end < rows.upperBound, block.bytes(next..<end + 1).count <= Self.usualStatement { end += 1 }
            let bytes = block.bytes(next..<end)
            guard bytes.count + head.utf8.count <= Self.mostStatement else {
                throw PostgresFailure(
                    .data, "the row makes a statement of \(bytes.count) bytes, and Redshift takes 16 MB",
                    sqlState: "54000", copyLine: next - rows.lowerBound)
            }
            // Without the comma behind the last one.
            try run(
                head + String(decoding: UnsafeRawBufferPointer(rebasing: bytes.dropLast()), as: UTF8.self))
            next = end
        }
    }

    /// A text as a statement writes it.
    func literal(_ text: String) -> String {
        var out = ByteArena(capacity: text.utf8.count + 8)
        out.append(redshiftText: text, escapesBackslash: escapesBackslash)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    /// Redshift gives many errors of its own the state XX000; their number is in the message.
    private static func translating<Result: ~Copyable>(
        _ work: () throws(PostgresFailure) -> Result
    ) throws(PostgresFailure) -> Result {
        do throws(PostgresFailure) {
            return try work()
        } catch {
            throw redshift(error)
        }
    }

    /// Of messages about a value, which may quote it.
    private static let valueWords = ["value too long", "value out of range", "numeric data overflow"]

    static func redshift(_ failure: PostgresFailure) -> PostgresFailure {
        var failure = failure
        switch failure.sqlState {
        case "XX000" where failure.message.hasPrefix("1023") || failure.message.contains("erializable isolation"):
            failure.kind = .transient
            failure.message =
                "another transaction changed the same tables at the same time (Redshift's error 1023, SQLSTATE XX000)"
        case "XX000" where failure.message.lowercased().contains("disk full"): failure.kind = .storageFull
        case "XX000" where valueWords.contains { failure.message.lowercased().contains($0) }:
            failure.kind = .data
            failure.message = "a value is too long or too large for its column (SQLSTATE XX000)"
        case "53100": failure.kind = .storageFull
        // Unlike in Postgres these are about statements, not rows.
        case "54001", "54011", "21000", "P0001": failure.kind = .misconfigured
        default: break
        }
        return failure
    }
}

/// There are no savepoints, but rows are put into a stage outside of any transaction: one of its own does as well.
extension RedshiftSession: SavepointSession {
    func beginRows() throws(PostgresFailure) { try run("BEGIN") }
    func keepRows() throws(PostgresFailure) { try run("COMMIT") }
    func takeRowsBack() throws(PostgresFailure) { try run("ROLLBACK") }
}

extension ByteArena {
    /// Appends bytes as a text in quotes.
    mutating func append(redshiftText bytes: UnsafeRawBufferPointer, escapesBackslash: Bool) {
        reserve(bytes.count + 2)
        append(UInt8(ascii: "'"))
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "'") || escapesBackslash && byte == UInt8(ascii: "\\") else { continue }
            append(UnsafeRawBufferPointer(rebasing: bytes[start...index]))
            append(byte)
            start = index + 1
        }
        append(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        append(UInt8(ascii: "'"))
    }

    /// The same for a text that is one.
    mutating func append(redshiftText text: String, escapesBackslash: Bool) {
        var text = text
        text.withUTF8 {
            append(redshiftText: UnsafeRawBufferPointer($0), escapesBackslash: escapesBackslash)
        }
    }
}
