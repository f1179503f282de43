import CoreIngest

/// Brings one write's changes to the mirror tables: what came for a table is folded by key and inserted as rows with a version, of
/// which ClickHouse keeps the last. All of it can be done again: the same rows with the same versions are the same rows.
struct ClickHouseMirrorWriter: ~Copyable {
    private let slices: [BatchSlice]
    private let session: ClickHouseSession
    private var met: [ClickHouseMirrorTable] = []
    private var latest: (stream: StreamDescriptor, table: ClickHouseMirrorTable)?
    private var rows = ByteArena(capacity: 1 << 16)
    private var scratch = ByteArena(capacity: 1024)
    /// Events that are refused for ever, with the reason.
    private(set) var refusals: [EventReference: String] = [:]

    /// Keys whose rows are asked for at once, within ClickHouse's `max_query_size` of 256 KiB.
    private static let mostKeys = 500
    private static let mostKeyBytes = 128 << 10

    init(_ slices: [BatchSlice], _ session: ClickHouseSession) {
        self.slices = slices
        self.session = session
    }

    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    mutating func take(_ event: EventReference, _ catalog: inout ClickHouseMirrorCatalog) throws(ClickHouseFailure) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        let table: ClickHouseMirrorTable
        if let latest, latest.stream === stream {
            table = latest.table
        } else {
            // What came under an old shape is stored before the table changes.
            if let old = met.first(where: {
                $0.descriptor.schemaName == stream.schemaName && $0.descriptor.table == stream.table
            }),
                !old.serves(stream)
            {
                try store(old)
                met.removeAll { $0 === old }
            }
            switch try catalog.table(for: stream, source: batch.source, session) {
            case .success(let found): table = found
            case .failure(let refusal):
                if !record.operation.isControl { refusals[event] = refusal.description }
                return
            }
            if !met.contains(where: { $0 === table }) { met.append(table) }
            latest = (stream, table)
        }
        switch record.operation {
        case .snapshotEnd, .none, .message, .schemaChange: break
        case .snapshotBegin:
            table.keyless = []
            table.keyed.changes.truncate()
        case .truncate where table.hasKey: table.keyed.changes.truncate()
        case .truncate: table.keyless.append(event)
        case .create, .read, .update, .delete:
            guard table.hasKey else {
                table.keyless.append(event)
                return
            }
            switch table.keyed.fold(event, of: slices) {
            case .taken: break
            case .withoutKey: refusals[event] = "the change does not tell its row's key"
            case .partialMove:
                try store(table)
                try move(event, table)
            }
        }
    }

    /// Stores everything that is pending.
    mutating func finish() throws(ClickHouseFailure) {
        for table in met { try store(table) }
    }

    /// Forgets what is pending, after a failure.
    mutating func abandon() {
        for table in met {
            table.keyed.changes.clear()
            table.keyless = []
        }
    }

    private mutating func store(_ table: ClickHouseMirrorTable) throws(ClickHouseFailure) {
        if table.keyed.changes.truncates { try session.run("TRUNCATE TABLE \(table.table.sql)") }
        rows.truncate(to: 0)
        for event in table.keyless { writeKeyless(event, table) }
        table.keyless = []
        var partial: [Int32] = []
        for last in table.keyed.changes.lasts where last >= 0 {
            let verdict = table.keyed.changes.verdict(on: last, of: slices)
            if verdict == .update {
                partial.append(last)
            } else if verdict != .delete || !table.keyed.changes.truncates {
                write(last, verdict, table)
            }
        }
        if rows.count > 0 { try session.insert(table.insertion, rows: rows) }
        if !partial.isEmpty { try complete(partial, table) }
        table.keyed.changes.clear()
        if rows.capacity > 32 << 20 { rows = ByteArena(capacity: 1 << 16) }
    }

    // MARK: Rows

    /// Writes the row that a key has after its last change. Where the table cannot hold it, each change is tried by itself.
    private mutating func write(_ last: Int32, _ verdict: PendingChanges.Verdict, _ table: ClickHouseMirrorTable) {
        let start = rows.count
        var reason = "the payload is not a JSON object"
        if table.keyed.collect(last, of: slices) {
            guard let column = writeCollected(last, verdict, table) else { return }
            reason = column
        }
        rows.truncate(to: start)
        let history = table.keyed.changes.history(of: last)
        refusals[table.keyed.changes.changes[Int(last)].event] = reason
        for change in history.dropLast().reversed() {
            // The one before is what the row stays as.
            let earlier = table.keyed.changes.verdict(on: change, of: slices)
            if earlier == .update { return }
            if table.keyed.collect(change, of: slices), writeCollected(change, earlier, table) == nil { return }
            rows.truncate(to: start)
            refusals[table.keyed.changes.changes[Int(change)].event] = reason
        }
    }

    /// Writes the collected values; nil when it went well, else what is wrong.
    private mutating func writeCollected(
        _ last: Int32, _ verdict: PendingChanges.Verdict, _ table: ClickHouseMirrorTable
    ) -> String? {
        for index in table.columns.indices {
            if verdict == .delete, !table.key.contains(index) {
                if !rows.append(rowValue: nil, table.columns[index].type, .text, scratch: &scratch) {
                    return refusal(index, table)
                }
                continue
            }
            if !writeValue(index, table) { return refusal(index, table) }
        }
        writeVersion(of: table.keyed.changes.changes[Int(last)].event, isDeleted: verdict == .delete)
        return nil
    }

    private mutating func writeValue(_ index: Int, _ table: ClickHouseMirrorTable) -> Bool {
        rows.append(
            rowValue: table.keyed.row.values[index], table.columns[index].type, table.descriptor.columns[index].kind,
            scratch: &scratch)
    }

    private func refusal(_ index: Int, _ table: ClickHouseMirrorTable) -> String {
        "column \(table.descriptor.columns[index].name) of \(table.descriptor.qualifiedName) has a value that \(table.columns[index].type) does not hold"
    }

    private mutating func writeVersion(of event: EventReference, isDeleted: Bool) {
        let position = event.record(in: slices).position
        rows.append(littleEndian: position.storedRank)
        rows.append(littleEndian: position.commit)
        rows.append(UInt8(isDeleted ? 1 : 0))
    }

    private mutating func writeKeyless(_ event: EventReference, _ table: ClickHouseMirrorTable) {
        let start = rows.count
        let record = event.record(in: slices)
        table.keyed.collectPayload(event, of: slices)
        for index in table.columns.indices where !writeValue(index, table) {
            rows.truncate(to: start)
            refusals[event] = refusal(index, table)
            return
        }
        rows.append(UInt8(1))
        rows.append(record.operation.rawValue)
        rows.append(littleEndian: record.position.commit)
        rows.append(littleEndian: record.position.storedRank)
    }

    // MARK: Rows of which the source sent some columns only

    /// Completes rows with the columns that the table has of them, and stores them.
    private mutating func complete(_ lasts: [Int32], _ table: ClickHouseMirrorTable) throws(ClickHouseFailure) {
        // By what is missing, as that is one question to the table.
        var groups: [[Int]: [Int32]] = [:]
        for last in lasts where table.keyed.collect(last, of: slices) {
            groups[table.columns.indices.filter { table.keyed.row.values[$0] == nil }, default: []].append(last)
        }
        for (missing, lasts) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var rest = lasts[...]
            while !rest.isEmpty {
                var some: [Int32] = []
                var bytes = 0
                while let last = rest.first, some.count < Self.mostKeys, bytes < Self.mostKeyBytes {
                    some.append(last)
                    rest.removeFirst()
                    if table.keyed.collect(last, of: slices) {
                        bytes += table.key.reduce(0) { $0 + 2 * (table.keyed.row.values[$1]?.count ?? 0) + 32 }
                    }
                }
                try complete(some, missing, table)
            }
        }
    }

    private mutating func complete(
        _ lasts: [Int32], _ missing: [Int], _ table: ClickHouseMirrorTable
    ) throws(ClickHouseFailure) {
        let keys = lasts.compactMap { last in table.keyed.collect(last, of: slices) ? keyLiteral(table) : nil }
        let stored = try StoredColumns(table, missing, keys: keys, session)
        rows.truncate(to: 0)
        for last in lasts where table.keyed.collect(last, of: slices) {
            append(table.keyed.changes.changes[Int(last)].event, missing, stored.row(key: keyBytes(table)), table)
        }
        if rows.count > 0 { try session.insert(table.insertion, rows: rows) }
    }

    /// Moves a row to another key, with the columns that only the table has of it.
    private mutating func move(_ event: EventReference, _ table: ClickHouseMirrorTable) throws(ClickHouseFailure) {
        table.keyed.collectPayload(event, of: slices)
        if try holds(keyLiteral(table), event, table) { return }
        table.keyed.collectBefore(event, of: slices)
        let literal = keyLiteral(table)
        let old = keyBytes(table)
        table.keyed.collectPayload(event, of: slices)
        let missing = table.columns.indices.filter { table.keyed.row.values[$0] == nil }
        let stored = try StoredColumns(table, missing, keys: [literal], session)
        rows.truncate(to: 0)
        append(event, missing, stored.row(key: old), table)
        guard rows.count > 0 else { return }
        table.keyed.collectBefore(event, of: slices)
        for index in table.columns.indices {
            let isKey = table.key.contains(index)
            _ = rows.append(
                rowValue: isKey ? table.keyed.row.values[index] : nil, table.columns[index].type,
                table.descriptor.columns[index].kind, scratch: &scratch)
        }
        writeVersion(of: event, isDeleted: true)
        try session.insert(table.insertion, rows: rows)
    }

    /// Whether a key's row is there with this event's version or a later one: the event comes again, and where it took the missing
    /// columns from may be gone.
    private func holds(
        _ key: String, _ event: EventReference, _ table: ClickHouseMirrorTable
    ) throws(ClickHouseFailure) -> Bool {
        let position = event.record(in: slices).position
        let version = UInt128(position.commit) << 64 | UInt128(position.storedRank)
        let found = try session.texts(
            """
            SELECT CAST(toString(count()), 'Nullable(String)') FROM \(table.table.sql)
            WHERE \(clickHouseTuple(table.key.map { table.columns[$0].sql })) IN (\(key)) AND \(table.more[0]) >= CAST('\(version)', 'UInt128')
            """, columns: 1)
        return found.first?.first != "0"
    }

    /// Writes the collected row, with what is stored of the missing columns.
    private mutating func append(
        _ event: EventReference, _ missing: [Int], _ stored: [ArraySlice<UInt8>]?, _ table: ClickHouseMirrorTable
    ) {
        let start = rows.count
        for index in table.columns.indices {
            if let place = missing.firstIndex(of: index), let stored {
                stored[place].withUnsafeBytes { rows.append($0) }
            } else if !writeValue(index, table) {
                rows.truncate(to: start)
                refusals[event] = refusal(index, table)
                return
            }
        }
        writeVersion(of: event, isDeleted: false)
    }

    /// The collected row's key as RowBinary has it.
    private mutating func keyBytes(_ table: ClickHouseMirrorTable) -> [UInt8] {
        var key = ByteArena(capacity: 64)
        for index in table.key {
            _ = key.append(
                rowValue: table.keyed.row.values[index], table.columns[index].type,
                table.descriptor.columns[index].kind,
                scratch: &scratch)
        }
        return Array(key.bytes)
    }

    /// The collected row's key as a tuple of SQL.
    private func keyLiteral(_ table: ClickHouseMirrorTable) -> String {
        let members = table.key.map { index in
            let json = table.keyed.row.values[index]
            var text =
                json.map {
                    $0.first == UInt8(ascii: "\"") ? ByteArena.unescaped($0) : String(decoding: $0, as: UTF8.self)
                } ?? ""
            let kind = table.descriptor.columns[index].kind
            if kind == .json, let json { text = String(decoding: json, as: UTF8.self) }
            if kind == .bytes, text.hasPrefix("\\x") { return "unhex(\(clickHouseLiteral(String(text.dropFirst(2)))))" }
            return "CAST(\(clickHouseLiteral(text)), \(clickHouseLiteral("\(table.columns[index].type)")))"
        }
        return clickHouseTuple(members)
    }
}
