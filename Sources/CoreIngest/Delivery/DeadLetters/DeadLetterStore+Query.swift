import Synchronization

/// One row of the dead letters, for listings.
package struct DeadLetterEntry: Sendable, Equatable {
    package var id: Int64
    package var uuid: String
    package var reason: String
    package var code: String
    package var error: String
    package var attempts: Int
    /// ISO 8601, UTC.
    package var firstFailedAt: String
    package var lastFailedAt: String
    package var source: String
    package var position: String
    package var schema: String
    package var stream: String
    package var group: String
    /// The event as JSON.
    package var envelope: String
}

/// Dead letters that failed for the same reason.
package struct DeadLetterSummary: Sendable, Equatable {
    package var group: String
    package var count: Int
    package var reason: String
    package var code: String
    package var schema: String
    package var stream: String
    package var firstFailedAt: String
    package var lastFailedAt: String
    /// The error of one of them.
    package var example: String
}

/// Which dead letters are meant. What is nil does not narrow.
package struct DeadLetterFilter: Sendable, Equatable {
    package var reason: DeadLetterClass?
    package var group: String?
    package var uuid: String?
    package var limit: Int?

    package init(reason: DeadLetterClass? = nil, group: String? = nil, uuid: String? = nil, limit: Int? = nil) {
        self.reason = reason
        self.group = group
        self.uuid = uuid
        self.limit = limit
    }

    /// Parameters 1 to 3 are bound by ``bind(to:)``.
    fileprivate static let clause = "(?1 = '' OR class = ?1) AND (?2 = '' OR group_key = ?2) AND (?3 = '' OR uuid = ?3)"

    fileprivate func bind(to statement: inout Statement) throws(StateError) {
        try statement.bind(1, reason?.rawValue ?? "")
        try statement.bind(2, group ?? "")
        try statement.bind(3, uuid ?? "")
    }

    fileprivate var limitClause: String { limit.map { " LIMIT \(max(0, $0))" } ?? "" }
}

extension DeadLetterStore {
    /// Events are read so many bytes at a time, and at least one.
    private static let pageBytes = 16 << 20
    private static let columns = """
        id, uuid, class, code, error, attempts, first_failed_at, last_failed_at, source, position, schema, stream,
        group_key, envelope
        """

    /// The groups, the largest first.
    package func summaries(_ filter: DeadLetterFilter = DeadLetterFilter()) throws(StateError) -> [DeadLetterSummary] {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                """
                SELECT group_key, count(*), class, code, schema, stream, min(first_failed_at), max(last_failed_at), error
                FROM dead_letters WHERE \(DeadLetterFilter.clause)
                GROUP BY group_key ORDER BY count(*) DESC, group_key\(filter.limitClause)
                """)
            try filter.bind(to: &statement)
            var found: [DeadLetterSummary] = []
            while try statement.step() {
                found.append(
                    DeadLetterSummary(
                        group: statement.text(0), count: Int(statement.integer(1)), reason: statement.text(2),
                        code: statement.text(3), schema: statement.text(4), stream: statement.text(5),
                        firstFailedAt: statement.text(6), lastFailedAt: statement.text(7), example: statement.text(8)))
            }
            return found
        }
    }

    /// The rows, in the order in which they failed first. Reads all into memory: give a limit where there may be many.
    package func entries(_ filter: DeadLetterFilter = DeadLetterFilter()) throws(StateError) -> [DeadLetterEntry] {
        var found: [DeadLetterEntry] = []
        try forEach(filter) { (entry: DeadLetterEntry) in found.append(entry) }
        return found
    }

    /// Calls `body` with each row, a page at a time, so that any number can be exported. `body` may use this store.
    package func forEach(
        _ filter: DeadLetterFilter = DeadLetterFilter(), _ body: (DeadLetterEntry) throws(StateError) -> Void
    ) throws(StateError) {
        var last: Int64 = 0
        var left = filter.limit ?? .max
        while left > 0 {
            let page = try page(filter, after: last, count: min(500, left))
            guard let end = page.last else { return }
            for entry in page { try body(entry) }
            last = end.id
            left -= page.count
        }
    }

    private func page(_ filter: DeadLetterFilter, after last: Int64, count: Int) throws(StateError) -> [DeadLetterEntry]
    {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                """
                SELECT \(Self.columns) FROM dead_letters WHERE \(DeadLetterFilter.clause) AND id > ?4
                ORDER BY id LIMIT ?5
                """)
            try filter.bind(to: &statement)
            try statement.bind(4, last)
            try statement.bind(5, Int64(count))
            var found: [DeadLetterEntry] = []
            var bytes = 0
            while bytes < Self.pageBytes, try statement.step() {
                var envelope = statement.text(13)
                if envelope.isEmpty {
                    envelope = String(
                        decoding: try Self.parts(of: statement.integer(0), "envelope", database), as: UTF8.self)
                }
                bytes += envelope.utf8.count
                found.append(
                    DeadLetterEntry(
                        id: statement.integer(0), uuid: statement.text(1), reason: statement.text(2),
                        code: statement.text(3), error: statement.text(4), attempts: Int(statement.integer(5)),
                        firstFailedAt: statement.text(6), lastFailedAt: statement.text(7), source: statement.text(8),
                        position: statement.text(9), schema: statement.text(10), stream: statement.text(11),
                        group: statement.text(12), envelope: envelope))
            }
            return found
        }
    }

    /// Removes rows for good. Answers how many.
    package func discard(_ filter: DeadLetterFilter) throws(StateError) -> Int {
        let removed = try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                """
                DELETE FROM dead_letters WHERE id IN
                    (SELECT id FROM dead_letters WHERE \(DeadLetterFilter.clause) ORDER BY id\(filter.limitClause))
                """)
            try filter.bind(to: &statement)
            _ = try statement.step()
            return database.changes
        }
        changeTotal(by: -removed)
        return removed
    }

    /// A field of an event that did not fit a row.
    private static func parts(
        of letter: Int64, _ field: String, _ database: borrowing SQLiteDatabase
    ) throws(StateError) -> [UInt8] {
        var statement = try database.prepare(
            "SELECT bytes FROM dead_letter_parts WHERE letter = ?1 AND field = ?2 ORDER BY part")
        try statement.bind(1, letter)
        try statement.bind(2, field)
        var whole: [UInt8] = []
        while try statement.step() { whole += statement.blob(0) }
        return whole
    }

    // MARK: Replay

    /// A dead letter with its event as it was, ready to be written again.
    struct Stored {
        var id: Int64
        /// Nil where the bytes cannot be read.
        var batch: EventBatch?
    }

    func stored(_ filter: DeadLetterFilter, after last: Int64, count: Int) throws(StateError) -> [Stored] {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                "SELECT id, record FROM dead_letters WHERE \(DeadLetterFilter.clause) AND id > ?4 ORDER BY id LIMIT ?5")
            try filter.bind(to: &statement)
            try statement.bind(4, last)
            try statement.bind(5, Int64(count))
            var found: [Stored] = []
            var bytes = 0
            while bytes < Self.pageBytes, try statement.step() {
                var record = statement.blob(1)
                if record.isEmpty { record = try Self.parts(of: statement.integer(0), "record", database) }
                bytes += record.count
                let batch = record.withUnsafeBytes { bytes in
                    var reader = BatchReader(bytes)
                    return (try? reader.batch())?.batch
                }
                found.append(Stored(id: statement.integer(0), batch: batch))
            }
            return found
        }
    }

    func remove(ids: [Int64]) throws(StateError) {
        guard !ids.isEmpty else { return }
        let removed = try database.withLock { database throws(StateError) in
            try database.transaction { () throws(StateError) in
                var removed = 0
                var statement = try database.prepare("DELETE FROM dead_letters WHERE id = ?")
                for id in ids {
                    try statement.bind(1, id)
                    _ = try statement.step()
                    removed += database.changes
                    statement.reset()
                }
                return removed
            }
        }
        changeTotal(by: -removed)
    }

    /// One more attempt failed, for this reason.
    func failedAgain(id: Int64, code: String, error: String) throws(StateError) {
        try database.withLock { database throws(StateError) in
            var statement = try database.prepare(
                "UPDATE dead_letters SET attempts = attempts + 1, code = ?2, error = ?3, last_failed_at = ?4 WHERE id = ?1"
            )
            try statement.bind(1, id)
            try statement.bind(2, code)
            try statement.bind(3, error)
            try statement.bind(4, Timestamp.text(Timestamp.now()))
            _ = try statement.step()
        }
    }
}
