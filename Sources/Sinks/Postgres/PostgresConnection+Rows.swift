extension PostgresConnection: SavepointSession {
    func beginRows() throws(PostgresFailure) { try run("SAVEPOINT buz_rows") }
    func keepRows() throws(PostgresFailure) { try run("RELEASE SAVEPOINT buz_rows") }
    func takeRowsBack() throws(PostgresFailure) {
        try run("ROLLBACK TO SAVEPOINT buz_rows; RELEASE SAVEPOINT buz_rows")
    }
}

extension PostgresFailure: RowFailure {
    var isOfData: Bool { kind == .data }
    var suspect: Int? { copyLine }
}
