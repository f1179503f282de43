import CLibPQ

/// One answer of the server. Owns libpq's result.
struct PostgresResult: ~Copyable {
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }

    var rowCount: Int { Int(PQntuples(raw)) }
    var columnCount: Int { Int(PQnfields(raw)) }

    /// The text of a field, nil for NULL.
    func text(_ row: Int, _ column: Int) -> String? {
        guard PQgetisnull(raw, Int32(row), Int32(column)) == 0, let value = PQgetvalue(raw, Int32(row), Int32(column))
        else { return nil }
        return String(cString: value)
    }

    /// Rows that the statement touched.
    var affected: Int {
        guard let text = PQcmdTuples(raw) else { return 0 }
        return Int(String(cString: text)) ?? 0
    }

    /// What was done: `COMMIT`, `INSERT 0 3`.
    var tag: String { PQcmdStatus(raw).map { String(cString: $0) } ?? "" }

    /// Whether the server waits for COPY data.
    var wantsCopyData: Bool { PQresultStatus(raw) == PGRES_COPY_IN }

    /// The error in it, if it is one. `relation`: the table that a COPY fills, to find the line in the context.
    func failure(copying relation: String?) -> PostgresFailure? {
        let status = PQresultStatus(raw)
        guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR else {
            return nil
        }
        let place = relation.flatMap { Self.place(in: field(Int32(UInt8(ascii: "W"))) ?? "", of: $0) }
        let state = field(Int32(UInt8(ascii: "C"))) ?? ""
        let message =
            field(Int32(UInt8(ascii: "M")))
            ?? PQresultErrorMessage(raw).map { String(cString: $0) } ?? "no message"
        return PostgresFailure(
            sqlState: state, message: message, column: field(Int32(UInt8(ascii: "c"))) ?? place?.column,
            constraint: field(Int32(UInt8(ascii: "n"))), copyLine: place?.line)
    }

    /// One field of an error; the codes are those of the protocol's ErrorResponse, as `PG_DIAG_…` has them.
    private func field(_ code: Int32) -> String? { PQresultErrorField(raw, code).map { String(cString: $0) } }

    /// Reads `COPY relation, line 3, column price: "…"`. The line is a hint: the row is tried alone before it is refused.
    static func place(in context: String, of relation: String) -> (line: Int, column: String?)? {
        let prefix = "COPY \(relation), line "
        guard context.hasPrefix(prefix) else { return nil }
        let rest = context.dropFirst(prefix.count)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard let line = Int(digits), line > 0 else { return nil }
        let behind = rest.dropFirst(digits.count)
        guard behind.hasPrefix(", column ") else { return (line - 1, nil) }
        let name = behind.dropFirst(9).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return (line - 1, name.isEmpty ? nil : String(name))
    }
}
