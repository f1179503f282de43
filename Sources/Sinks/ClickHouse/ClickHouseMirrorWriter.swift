import CoreIngest

/// Brings one write's changes to the mirror tables: what came for a table is folded by key and inserted as rows with a version, of
/// which ClickHouse keeps the last. All of it can be done again: the same rows with the same versions are the same rows.
struct ClickHouseMirrorWriter: ~Copyable {
    let slices: [BatchSlice]
    let session: ClickHouseSession
    private var met: [ClickHouseMirrorTable] = []
    /// By slice, once there is a change of it.
    private var epochs: [ClickHouseEpochs.Epochs?]
    private var latest: (stream: StreamDescriptor, table: ClickHouseMirrorTable)?
    var rows = ByteArena(capacity: 1 << 16)
    var scratch = ByteArena(capacity: 1024)
    /// Events that are refused for ever, with the reason.
    var refusals: [EventReference: String] = [:]

    init(_ slices: [BatchSlice], _ session: ClickHouseSession) {
        self.slices = slices
        self.session = session
        epochs = Array(repeating: nil, count: slices.count)
    }

    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    mutating func take(
        _ event: EventReference, _ catalog: inout ClickHouseMirrorCatalog, _ known: inout ClickHouseEpochs
    ) throws(ClickHouseFailure) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        if epochs[Int(event.slice)] == nil {
            epochs[Int(event.slice)] = try known.epochs(of: batch.source, session)
        }
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
            table.keyed.forgetMoves()
        case .truncate where table.hasKey:
            table.keyed.changes.truncate()
            table.keyed.forgetMoves()
        case .truncate: table.keyless.append(event)
        case .create, .read, .update, .delete:
            guard table.hasKey else {
                table.keyless.append(event)
                return
            }
            if table.keyed.meetsMoves(event, of: slices) { try store(table) }
            switch table.keyed.fold(event, of: slices) {
            case .taken: break
            case .withoutKey: refusals[event] = "the change does not tell its row's key"
            case .partialMove:
                if table.keyed.moveMeetsChanges { try store(table) }
                table.keyed.gather(move: event)
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
            table.keyed.forgetMoves()
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
        if !table.keyed.moves.isEmpty {
            try carryOut(table.keyed.moves, table)
            table.keyed.forgetMoves()
        }
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

    mutating func writeValue(_ index: Int, _ table: ClickHouseMirrorTable) -> Bool {
        rows.append(
            rowValue: table.keyed.row.values[index], table.columns[index].type, table.descriptor.columns[index].kind,
            scratch: &scratch)
    }

    func refusal(_ index: Int, _ table: ClickHouseMirrorTable) -> String {
        "column \(table.descriptor.columns[index].name) of \(table.descriptor.qualifiedName) has a value that \(table.columns[index].type) does not hold"
    }

    mutating func writeVersion(of event: EventReference, isDeleted: Bool) {
        rows.append(littleEndian: version(of: event))
        rows.append(UInt8(isDeleted ? 1 : 0))
    }

    /// Of an event that was taken.
    func version(of event: EventReference) -> UInt128 {
        epochs[Int(event.slice)]?.version(of: event.record(in: slices).position) ?? 0
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
}
