import Synchronization

/// The dead letters of one sink: one SQLite file, to be read with the `sqlite3` shell too. Any thread.
///
/// One row per event, by its `uuid`: an event that fails again raises `attempts`. What was inserted is durable on return. A row of
/// SQLite has at most 1 GB: of an event that is larger than a part, `envelope` and `record` are empty, and lie in `dead_letter_parts`.
package final class DeadLetterStore: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS dead_letters (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uuid TEXT NOT NULL UNIQUE,
            class TEXT NOT NULL,
            code TEXT NOT NULL,
            error TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            first_failed_at TEXT NOT NULL,
            last_failed_at TEXT NOT NULL,
            source TEXT NOT NULL,
            position TEXT NOT NULL,
            schema TEXT NOT NULL,
            stream TEXT NOT NULL,
            group_key TEXT NOT NULL,
            envelope TEXT NOT NULL,
            record BLOB NOT NULL
        );
        CREATE INDEX IF NOT EXISTS dead_letters_group ON dead_letters (group_key);
        CREATE TABLE IF NOT EXISTS dead_letter_parts (
            letter INTEGER NOT NULL,
            field TEXT NOT NULL,
            part INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            PRIMARY KEY (letter, field, part)
        ) WITHOUT ROWID;
        CREATE TRIGGER IF NOT EXISTS dead_letters_removed AFTER DELETE ON dead_letters BEGIN
            DELETE FROM dead_letter_parts WHERE letter = OLD.id;
        END;
        """

    package let sink: String
    package let path: String
    let maxBytes: Int
    let partBytes: Int
    let database: Mutex<SQLiteDatabase>
    private let total: Atomic<Int>
    private let used = Atomic<Int>(0)

    /// Opens or creates `deadletters/SINK.sqlite`. `partBytes`: what is larger is stored in parts of this size.
    package init(
        _ directory: StateDirectory, sink: String, maxBytes: Int = .max, partBytes: Int = 16 << 20
    ) throws(StateError) {
        self.partBytes = partBytes
        self.sink = sink
        self.maxBytes = maxBytes
        path = try directory.directory("deadletters") + "/\(StateDirectory.fileName(sink)).sqlite"
        let opened = try SQLiteDatabase(path: path)
        try opened.execute(Self.schema)
        total = Atomic(Int(try opened.integer("SELECT count(*) FROM dead_letters") ?? 0))
        used.store(try Self.used(opened), ordering: .relaxed)
        database = Mutex(opened)
    }

    /// Rows, as this process knows; see ``recount()``.
    package var count: Int { total.load(ordering: .relaxed) }

    /// Rows, also those that another process removed.
    package func recount() throws(StateError) -> Int {
        let count = try database.withLock { database throws(StateError) in
            Int(try database.integer("SELECT count(*) FROM dead_letters") ?? 0)
        }
        total.store(count, ordering: .relaxed)
        return count
    }

    /// Writes all, or none when it throws; `diskFull` also where the file has reached its bound.
    func insert(_ letters: [DeadLetter], renderer: EventRenderer) throws(StateError) {
        let now = Timestamp.text(Timestamp.now())
        let added = try database.withLock { database throws(StateError) in
            try checkBound(database)
            defer { if let bytes = try? Self.used(database) { used.store(bytes, ordering: .relaxed) } }
            return try database.transaction { () throws(StateError) in
                var added = 0
                var last = database.lastInsertedRow
                var statement = try database.prepare(
                    """
                    INSERT INTO dead_letters (uuid, class, code, error, attempts, first_failed_at, last_failed_at, source,
                        position, schema, stream, group_key, envelope, record)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                    ON CONFLICT (uuid) DO UPDATE SET class = excluded.class, code = excluded.code, error = excluded.error,
                        attempts = attempts + excluded.attempts, last_failed_at = excluded.last_failed_at,
                        group_key = excluded.group_key
                    """)
                // Nobody else keeps a rendering: held from letter to letter, a batch is rendered once and not for each of its own.
                var rendering: (of: EventBatch, lines: RenderedBatch)?
                for letter in letters {
                    let batch = letter.batch
                    let lines: RenderedBatch
                    if let rendering, rendering.of === batch {
                        lines = rendering.lines
                    } else {
                        lines = batch.rendered(as: .envelope, by: renderer)
                        rendering = (batch, lines)
                    }
                    let envelope = lines.line(letter.record)
                    var record = ByteArena(capacity: 1024)
                    BatchWriter.write(batch, record: letter.record, to: &record)
                    let isLarge = max(envelope.count, record.count) > partBytes
                    try Self.bind(letter, now: now, to: &statement)
                    if isLarge {
                        try statement.bind(12, "")
                        try statement.bind(13, blob: UnsafeRawBufferPointer(start: nil, count: 0))
                    } else {
                        try statement.bind(12, text: envelope)
                        try statement.bind(13, blob: record.bytes)
                    }
                    _ = try statement.step()
                    statement.reset()
                    // One that is there already keeps its row.
                    if database.lastInsertedRow != last { added += 1 }
                    last = database.lastInsertedRow
                    if isLarge {
                        let uuid = Self.uuidText(batch.records[letter.record])
                        try write(envelope, record.bytes, asPartsOf: uuid, database)
                    }
                }
                return added
            }
        }
        total.wrappingAdd(added, ordering: .relaxed)
    }

    private func checkBound(_ database: borrowing SQLiteDatabase) throws(StateError) {
        guard maxBytes < .max else { return }
        if try Self.used(database) >= maxBytes {
            throw StateError(
                .diskFull,
                "The dead letters of the sink \(sink) have reached their bound of \(maxBytes) bytes. Replay, export or "
                    + "discard some with `buz-cdc deadletters`, or raise the bound.")
        }
    }

    private static func used(_ database: borrowing SQLiteDatabase) throws(StateError) -> Int {
        let pages = try database.integer("PRAGMA page_count") ?? 0
        let free = try database.integer("PRAGMA freelist_count") ?? 0
        return Int((pages - free) * (try database.integer("PRAGMA page_size") ?? 4096))
    }

    /// Whether three quarters of the bound are used, as far as this process knows; see ``measure()``.
    var isNearlyFull: Bool { usedBytes >= maxBytes - maxBytes / 4 }

    /// Bytes of the file that hold something.
    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Looks how much is used, also by what another process removed. Answers ``isNearlyFull``.
    func measure() -> Bool {
        if let bytes = database.withLock({ try? Self.used($0) }) { used.store(bytes, ordering: .relaxed) }
        return isNearlyFull
    }

    private static func bind(
        _ letter: DeadLetter, now: String, to statement: inout Statement
    ) throws(StateError) {
        let batch = letter.batch
        let record = batch.records[letter.record]
        let stream = batch.stream(of: record)
        try statement.bind(1, uuidText(record))
        try statement.bind(2, letter.reason.rawValue)
        try statement.bind(3, letter.code)
        try statement.bind(4, letter.error)
        try statement.bind(5, Int64(letter.attempts))
        try statement.bind(6, now)
        try statement.bind(7, batch.source.description)
        try statement.bind(8, record.position.description)
        try statement.bind(9, stream.schema.description)
        try statement.bind(10, stream.qualifiedName)
        try statement.bind(
            11,
            letter.group
                ?? DeadLetterGroup.key(
                    reason: letter.reason.rawValue, code: letter.code, schema: stream.schema.description,
                    error: letter.error))
    }

    /// Nothing where the event has its parts already.
    private func write(
        _ envelope: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer, asPartsOf uuid: String,
        _ database: borrowing SQLiteDatabase
    ) throws(StateError) {
        var statement = try database.prepare(
            """
            INSERT OR IGNORE INTO dead_letter_parts (letter, field, part, bytes)
            SELECT id, ?2, ?3, ?4 FROM dead_letters WHERE uuid = ?1
            """)
        for (field, bytes) in [("envelope", envelope), ("record", record)] {
            for (number, start) in stride(from: 0, to: bytes.count, by: partBytes).enumerated() {
                let end = min(start + partBytes, bytes.count)
                try statement.bind(1, uuid)
                try statement.bind(2, field)
                try statement.bind(3, Int64(number))
                try statement.bind(4, blob: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                _ = try statement.step()
                statement.reset()
            }
        }
    }

    static func uuidText(_ record: EventRecord) -> String {
        var arena = ByteArena(capacity: 64)
        arena.append(hex: record.uuidHigh >> 32, digits: 8)
        arena.append(UInt8(ascii: "-"))
        arena.append(hex: record.uuidHigh >> 16 & 0xFFFF, digits: 4)
        arena.append(UInt8(ascii: "-"))
        arena.append(hex: record.uuidHigh & 0xFFFF, digits: 4)
        arena.append(UInt8(ascii: "-"))
        arena.append(hex: record.uuidLow >> 48, digits: 4)
        arena.append(UInt8(ascii: "-"))
        arena.append(hex: record.uuidLow & 0xFFFF_FFFF_FFFF, digits: 12)
        return String(decoding: arena.bytes, as: UTF8.self)
    }

    func changeTotal(by difference: Int) { total.wrappingAdd(difference, ordering: .relaxed) }
}
