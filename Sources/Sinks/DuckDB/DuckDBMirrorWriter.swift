import CoreIngest

/// Brings one write's changes to the mirror tables: what came for a table is folded by key and staged; then the rows of the staged keys are
/// removed, and those that there are now are inserted.
struct DuckDBMirrorWriter: ~Copyable {
    private let slices: [BatchSlice]
    private let connection: DuckDBConnection
    /// In the order in which they were met: of one table, each of its shapes is one.
    private var met: [DuckDBMirrorTable] = []
    private var row = MirrorCells()
    /// Events that are refused for ever, with the reason.
    private var refusals: [EventReference: String] = [:]

    init(_ slices: [BatchSlice], _ connection: DuckDBConnection) {
        self.slices = slices
        self.connection = connection
    }

    /// The events that were refused since this was asked last.
    mutating func takeRefusals() -> [EventReference: String] {
        defer { refusals = [:] }
        return refusals
    }

    mutating func refuse(_ event: EventReference, _ reason: String) { refusals[event] = reason }

    /// Takes one change, truncation or mark of a snapshot of a table. The order of calls is that of the source.
    mutating func take(_ event: EventReference, _ table: DuckDBMirrorTable) throws(DuckDBFailure) {
        if !met.contains(where: { $0 === table }) { met.append(table) }
        switch event.record(in: slices).operation {
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
            guard table.hasKey else { return table.keyless.append(event) }
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
    mutating func store() throws(DuckDBFailure) {
        for table in met { try store(table) }
        met = []
    }

    private mutating func store(_ table: DuckDBMirrorTable) throws(DuckDBFailure) {
        if table.keyed.changes.truncates { try connection.execute(table.empty) }
        let lasts = table.keyed.changes.lasts.filter { $0 >= 0 }
        let moves = table.keyed.moves
        if !lasts.isEmpty || !moves.isEmpty || !table.keyless.isEmpty {
            try connection.execute(table.makeStage)
            var hasParts = !moves.isEmpty
            try connection.append(to: DuckDBTable.stage) { appender throws(DuckDBFailure) in
                for event in table.keyless { try stageKeyless(event, table, appender) }
                for last in lasts {
                    let verdict = table.keyed.changes.verdict(on: last, of: slices)
                    if verdict == .update { hasParts = true }
                    try stage(last, verdict, table, appender)
                }
                for event in moves { try stage(move: event, table, appender) }
            }
            try bring(table, hasParts: hasParts)
        }
        table.keyless = []
        table.keyed.changes.clear()
        table.keyed.forgetMoves()
    }

    private func bring(_ table: DuckDBMirrorTable, hasParts: Bool) throws(DuckDBFailure) {
        if hasParts { try connection.execute(table.keepFormer) }
        if table.hasKey { try connection.execute(table.remove) }
        try connection.execute(table.insert(withParts: hasParts))
        if hasParts { try connection.execute(table.dropFormer) }
        try connection.execute(table.dropStage)
    }

    // MARK: Staged rows

    /// Stages the row that a key has after its last change. Where the table cannot hold it, each change is tried by itself.
    private mutating func stage(
        _ last: Int32, _ verdict: PendingChanges.Verdict, _ table: DuckDBMirrorTable,
        _ appender: borrowing DuckDBAppender
    ) throws(DuckDBFailure) {
        guard let reason = try stageChange(last, verdict, table, appender) else { return }
        refusals[table.keyed.changes.changes[Int(last)].event] = reason
        for change in table.keyed.changes.history(of: last).dropLast().reversed() {
            // The one before is what the row stays as.
            let earlier = table.keyed.changes.verdict(on: change, of: slices)
            if earlier == .update { return }
            if try stageChange(change, earlier, table, appender) == nil { return }
            refusals[table.keyed.changes.changes[Int(change)].event] = reason
        }
    }

    /// Nil when it went well, else what is wrong.
    private mutating func stageChange(
        _ last: Int32, _ verdict: PendingChanges.Verdict, _ table: DuckDBMirrorTable,
        _ appender: borrowing DuckDBAppender
    ) throws(DuckDBFailure) -> String? {
        guard table.keyed.collect(last, of: slices) else { return "the payload is not a JSON object" }
        switch verdict {
        case .insert, .upsert: return try stageCollected(.row, table, continuing: nil, appender)
        case .update: return try stageCollected(.part, table, continuing: table.keyed.row.values, appender)
        case .delete: return try stageCollected(.removal, table, continuing: nil, appender)
        }
    }

    /// Stages the collected values of a table with a key; nil when it went well, else what is wrong.
    private mutating func stageCollected(
        _ purpose: DuckDBMirrorTable.Purpose, _ table: DuckDBMirrorTable, continuing former: [UnsafeRawBufferPointer?]?,
        _ appender: borrowing DuckDBAppender
    ) throws(DuckDBFailure) -> String? {
        row.clear()
        for index in table.columns.indices {
            let value = purpose == .removal && !table.key.contains(index) ? nil : table.keyed.row.values[index]
            if let reason = write(value, index, table) { return reason }
        }
        row.bytes.append(text: purpose.rawValue)
        row.end()
        if purpose == .part {
            for index in table.columns.indices {
                row.bytes.append(UInt8(ascii: table.keyed.row.values[index] == nil ? "0" : "1"))
            }
            row.end()
        } else {
            row.endNull()
        }
        for index in table.key {
            if let reason = write(former.flatMap { $0[index] }, index, table) { return reason }
        }
        try appendRow(to: appender)
        return nil
    }

    /// Stages a row that goes to another key, with the columns that only the table has of it, and the removal of its old key.
    private mutating func stage(
        move event: EventReference, _ table: DuckDBMirrorTable, _ appender: borrowing DuckDBAppender
    ) throws(DuckDBFailure) {
        table.keyed.collectBefore(event, of: slices)
        let old = table.keyed.row.values
        table.keyed.collectPayload(event, of: slices)
        if let reason = try stageCollected(.part, table, continuing: old, appender) {
            refusals[event] = reason
            return
        }
        table.keyed.collectBefore(event, of: slices)
        _ = try stageCollected(.removal, table, continuing: nil, appender)
    }

    private mutating func stageKeyless(
        _ event: EventReference, _ table: DuckDBMirrorTable, _ appender: borrowing DuckDBAppender
    ) throws(DuckDBFailure) {
        let record = event.record(in: slices)
        table.keyed.collectPayload(event, of: slices)
        row.clear()
        for index in table.columns.indices {
            if let reason = write(table.keyed.row.values[index], index, table) {
                refusals[event] = reason
                return
            }
        }
        row.bytes.append(record.operation.rawValue)
        row.end()
        row.bytes.append(LogSequenceNumber(record.position.commit))
        row.end()
        row.bytes.append(decimal: record.position.number)
        row.end()
        try appendRow(to: appender)
    }

    private mutating func write(_ json: UnsafeRawBufferPointer?, _ index: Int, _ table: DuckDBMirrorTable) -> String? {
        if row.append(staged: json, table.descriptor.columns[index].kind, table.columns[index].type) { return nil }
        return
            "column \(table.descriptor.columns[index].name) of \(table.descriptor.qualifiedName) has a value that \(table.columns[index].type) does not hold"
    }

    private func appendRow(to appender: borrowing DuckDBAppender) throws(DuckDBFailure) {
        for cell in 0..<row.count { appender.append(row[cell]) }
        try appender.endRow()
    }
}
