import CoreIngest

/// Changes are folded per mirror and key; what is written is the last state of each row.
extension MaterializeWrite {
    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    func takeChange(_ event: EventReference, _ record: EventRecord) throws(PostgresFailure) {
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        let table: MaterializeMirrorTable
        if let latest, latest.stream === stream {
            table = latest.table
        } else {
            guard let found = try self.table(for: stream, batch.source, event, record) else { return }
            table = found
            latest = (stream, table)
        }
        if !met.contains(where: { $0 === table }) { met.append(table) }
        switch record.operation {
        case .snapshotEnd, .none, .message, .schemaChange: break
        case .snapshotBegin: empty(table)
        case .truncate where table.hasKey: empty(table)
        case .truncate: table.keyless.append(event)
        case .create, .read, .update, .delete:
            if table.hasKey { try fold(event, table) } else { table.keyless.append(event) }
        }
    }

    /// What came before in this write is in vain.
    private func empty(_ table: MaterializeMirrorTable) {
        table.abandon()
        table.isEmptied = true
    }

    /// Nil where the destination cannot have such a table: the event is then refused, and other tables' changes go on.
    private func table(
        for stream: StreamDescriptor, _ source: SourceIdentity, _ event: EventReference, _ record: EventRecord
    ) throws(PostgresFailure) -> MaterializeMirrorTable? {
        var failure = impossible.first { $0.stream === stream }?.failure
        if failure == nil {
            // What came under the old shape is committed before the mirror changes to the new one.
            if let old = catalog.known(stream), !old.serves(stream), old.isPending { try commit() }
            switch try catalog.table(for: stream, source: source, session) {
            case .success(let table): return table
            case .failure(let refusal):
                impossible.append((stream, refusal))
                failure = refusal
            }
        }
        if !record.operation.isControl { refusals[event] = failure }
        return nil
    }

    private func fold(_ event: EventReference, _ table: MaterializeMirrorTable) throws(PostgresFailure) {
        if table.keyed.meetsMoves(event, of: slices) { try commit(goingOnWith: table) }
        switch table.keyed.fold(event, of: slices) {
        case .taken: break
        case .withoutKey:
            refusals[event] = PostgresFailure(
                .data, "the change of \(table.descriptor.qualifiedName) does not tell its row's key", sqlState: "22023")
        case .partialMove:
            // The row is read as it is committed.
            if table.keyed.moveMeetsChanges || table.isEmptied { try commit(goingOnWith: table) }
            table.keyed.gather(move: event)
        }
    }

    private func commit(goingOnWith table: MaterializeMirrorTable) throws(PostgresFailure) {
        try commit()
        met = [table]
    }

    // MARK: Rows

    /// The rows of all mirrors with pending changes, with what is to be read of rows that are there.
    func mirrorRows() throws(PostgresFailure) -> [MaterializeMirrorRows] {
        let write = settings.isReplay ? progress.write : progress.write + 1
        let first = write * MaterializeProgress.rowsOfWrite + (settings.isReplay ? MaterializeProgress.replayedRow : 0)
        var all: [MaterializeMirrorRows] = []
        for table in met where table.isPending {
            var heads: [Int] = []
            var keys: [MirrorRow] = []
            let keyed = table.keyed
            // After a truncation there is nothing to read.
            for (number, last) in keyed.changes.lasts.enumerated() where !table.isEmptied {
                guard keyed.changes.changes[Int(last)].effect == .partial, keyed.changes.base(of: last) < 0,
                    keyed.collect(last, of: slices)
                else { continue }
                heads.append(number)
                keys.append(keyed.row)
            }
            for event in keyed.moves {
                keyed.collectBefore(event, of: slices)
                keys.append(keyed.row)
            }
            let found = try rows(keys, of: table)
            incompleteRows += found.count { $0 == nil }
            var bases: [Int: [String?]] = [:]
            for (place, number) in heads.enumerated() { bases[number] = found[place] }
            let moves = keyed.moves.enumerated().map { ($1, found[heads.count + $0]) }
            all.append(MaterializeMirrorRows(table, after: first, bases: bases, moves: moves))
        }
        return all
    }

    /// Rows of one question: a longer statement costs the server more than a second question.
    private static let mostKeys = 500

    /// The mirror's rows of some keys, as texts; nil for those that are not there.
    private func rows(
        _ keys: [MirrorRow], of table: MaterializeMirrorTable
    ) throws(PostgresFailure) -> [[String?]?] {
        var found: [[String?]?] = Array(repeating: nil, count: keys.count)
        var start = 0
        while start < keys.count {
            let end = min(start + Self.mostKeys, keys.count)
            if let question = table.question(Array(keys[start..<end])) {
                for row in try session.rows(question) {
                    guard let number = row.first?.flatMap({ Int($0) }), number < end - start else { continue }
                    found[start + number] = Array(row.dropFirst())
                }
            }
            start = end
        }
        return found
    }
}
