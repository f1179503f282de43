import CoreIngest

/// Appends events to one table, each once: what a source's last stored position covers is left out, and an insert that is sent again
/// carries the token that it had.
///
/// An insert is one block, so it is stored whole or not at all, and the table holds a beginning of what it is to get from a source.
final class ClickHouseEventTable {
    let table: ClickHouseTable
    private let format: EventFormat
    private let renderer: EventRenderer
    private let isReplay: Bool
    /// The last position of each source that the table has.
    private var stored: [String: Position]?
    /// Histories that continue another one, by name.
    private var followed: [String: Predecessor] = [:]
    private var isMade = false
    private var rows = ByteArena(capacity: 1 << 16)

    private static let columns =
        "uuid, received_at, schema, is_valid, op, table_name, commit_lsn, ordinal, envelope, _buz_source, _buz_commit, _buz_rank"

    init(_ table: ClickHouseTable, format: EventFormat, renderer: EventRenderer, isReplay: Bool) {
        self.table = table
        self.format = format
        self.renderer = renderer
        self.isReplay = isReplay
    }

    /// What was known of the table is looked up again.
    func forget() {
        stored = nil
        isMade = false
    }

    /// What the table has of a history before the switch is left out of the one that continues it.
    func follow(_ source: SourceIdentity, _ predecessor: Predecessor) { followed[Self.name(of: source)] = predecessor }

    /// Up to where the table has the events of a history, by its name.
    private func held(_ source: String) -> Position? {
        guard let stored else { return nil }
        let own = stored[source]
        guard let before = followed[source], let position = stored[Self.name(of: before.identity)] else { return own }
        return max(own ?? .start, before.inherited(position))
    }

    private func prepare(_ session: ClickHouseSession) throws(ClickHouseFailure) {
        if !isMade {
            // The window keeps the tokens of the last inserts, where the table is not replicated.
            try session.run(
                """
                CREATE TABLE IF NOT EXISTS \(table.sql) (uuid UUID, received_at DateTime64(6, 'UTC'), schema LowCardinality(String),
                  is_valid Bool, op LowCardinality(String), table_name LowCardinality(String), commit_lsn String, ordinal UInt64,
                  envelope String CODEC(ZSTD), _buz_source LowCardinality(String), _buz_commit UInt64, _buz_rank UInt64)
                ENGINE = MergeTree ORDER BY (_buz_source, _buz_commit, _buz_rank) SETTINGS non_replicated_deduplication_window = 1000
                """)
            isMade = true
        }
        guard stored == nil, !isReplay else { return }
        // With the instance before this one perhaps gone a moment ago, an insert of it may be under way.
        guard try session.running() == 0 else {
            throw ClickHouseFailure(.unavailable, "the server still works on an insert of this sink: it is waited for")
        }
        let rows = try session.texts(
            """
            SELECT CAST(_buz_source, 'Nullable(String)'), CAST(toString(last.1), 'Nullable(String)'), CAST(toString(last.2), 'Nullable(String)')
            FROM (SELECT _buz_source, max((_buz_commit, _buz_rank)) AS last FROM \(table.sql) GROUP BY _buz_source)
            """, columns: 3)
        var found: [String: Position] = [:]
        for row in rows {
            guard let source = row[0], let commit = row[1].flatMap({ UInt64($0) }),
                let rank = row[2].flatMap({ UInt64($0) })
            else { continue }
            found[source] = Position(commit: commit, ordinal: rank >> 1 | rank << 63)
        }
        stored = found
    }

    /// Stores the events of one write, in their order.
    func append(
        _ events: [EventReference], of slices: [BatchSlice], _ session: ClickHouseSession
    ) throws(ClickHouseFailure) {
        if events.isEmpty { return }
        try prepare(session)
        rows.truncate(to: 0)
        let renderings = slices.map { $0.batch.rendered(as: format, by: renderer) }
        let sources = slices.map { Self.name(of: $0.batch.source) }
        let held = sources.map(held)
        var reached: [String: Position] = [:]
        var token = ""
        var count = 0
        for event in events {
            let source = sources[Int(event.slice)]
            let position = event.record(in: slices).position
            if let last = held[Int(event.slice)], position <= last { continue }
            if reached[source] == nil { token += "\(source) \(position.commit)/\(position.ordinal) " }
            reached[source] = position
            write(event, renderings[Int(event.slice)].line(Int(event.record)), source, of: slices)
            count += 1
        }
        withExtendedLifetime(renderings) {}
        if count == 0 { return }
        for (source, position) in reached.sorted(by: { $0.key < $1.key }) {
            token += "to \(source) \(position.commit)/\(position.ordinal) "
        }
        try session.insert(
            """
            INSERT INTO \(table.sql) (\(Self.columns)) SETTINGS async_insert = 0, insert_deduplicate = 1,
              insert_deduplication_token = \(clickHouseLiteral("\(token)\(count)")), max_insert_block_size = 100000000,
              min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 10000000000
            """, rows: rows)
        if !isReplay { stored?.merge(reached) { max($0, $1) } }
        if rows.capacity > 32 << 20 { rows = ByteArena(capacity: 1 << 16) }
    }

    private func write(
        _ event: EventReference, _ line: UnsafeRawBufferPointer, _ source: String, of slices: [BatchSlice]
    ) {
        let batch = event.batch(in: slices)
        let record = event.record(in: slices)
        let stream = batch.stream(of: record)
        rows.append(rowUUIDHigh: record.uuidHigh, low: record.uuidLow)
        rows.append(littleEndian: batch.receivedAt)
        rows.append(rowText: stream.schema.description)
        rows.append(UInt8(record.isInvalid ? 0 : 1))
        if record.operation == .none {
            rows.append(UInt8(0))
        } else {
            rows.append(UInt8(1))
            rows.append(record.operation.rawValue)
        }
        rows.append(rowText: stream.table.isEmpty ? "" : stream.qualifiedName)
        rows.append(
            rowText: stream.protocol == "cdc" ? LogSequenceNumber(record.position.eventCommit).description : "")
        rows.append(littleEndian: record.position.number)
        rows.append(rowText: line)
        rows.append(rowText: source)
        rows.append(littleEndian: record.position.commit)
        rows.append(littleEndian: record.position.storedRank)
    }

    private static func name(of source: SourceIdentity) -> String {
        "\(source.name)/\(source.systemIdentifier)/\(source.generation)"
    }
}

extension Position {
    /// The ordinal such that greater numbers are later: an announcement comes behind its event.
    var storedRank: UInt64 { ordinal << 1 | ordinal >> 63 }
}
