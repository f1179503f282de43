import CoreIngest

/// Changes are folded per table and key, then put into stages, of which the transaction takes them in sets: deletions, then rows. After the
/// fold each key stands in one set only, so their order does not matter, except that deletions go first: two texts of one key are two keys
/// to the fold.
extension RedshiftWrite {
    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    func takeChange(_ event: EventReference, _ record: EventRecord) throws(PostgresFailure) {
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        let table: RedshiftMirrorTable
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

    /// `TRUNCATE` would commit.
    private func empty(_ table: RedshiftMirrorTable) {
        table.abandon()
        statements.append("DELETE FROM \(table.table.sql)")
    }

    /// Nil where the destination cannot have such a table: the event is then refused, and other tables' changes go on.
    private func table(
        for stream: StreamDescriptor, _ source: SourceIdentity, _ event: EventReference, _ record: EventRecord
    ) throws(PostgresFailure) -> RedshiftMirrorTable? {
        var failure = impossible.first { $0.stream === stream }?.failure
        if failure == nil {
            // What came under the old shape goes into stages of that shape.
            if let old = catalog.known(stream), !old.serves(stream) {
                try stage(old)
                met.removeAll { $0 === old }
            }
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

    private func fold(_ event: EventReference, _ table: RedshiftMirrorTable) throws(PostgresFailure) {
        if table.keyed.meetsMoves(event, of: slices) { try stage(table) }
        switch table.keyed.fold(event, of: slices) {
        case .taken: break
        case .withoutKey:
            refusals[event] = PostgresFailure(
                .data, "the change of \(table.descriptor.qualifiedName) does not tell its row's key")
        case .partialMove:
            if table.keyed.moveMeetsChanges { try stage(table) }
            table.keyed.gather(move: event)
        }
    }

    // MARK: Sets

    /// Puts what is pending for a table into stages.
    func stage(_ table: RedshiftMirrorTable) throws(PostgresFailure) {
        try stageKeyless(table)
        try stageMoves(table)
        if table.keyed.changes.lasts.isEmpty { return }
        let all = Array(table.columns.indices)
        var removals = RowBlock.listed()
        var rows = RowBlock.listed()
        var parts: [[Int]: [Int32]] = [:]
        var refused: [(last: Int32, failure: PostgresFailure)] = []
        func write(_ last: Int32, _ columns: [Int], to block: inout RowBlock) {
            if let column = table.write(columns, of: table.keyed.row, to: &block.lines) {
                block.abandonLine()
                refused.append((last, table.refusal(column)))
            } else {
                block.endLine(owner: last)
            }
        }
        for last in table.keyed.changes.lasts where last >= 0 {
            guard table.keyed.collect(last, of: slices) else {
                refused.append((last, Self.malformed(table)))
                continue
            }
            switch table.keyed.changes.verdict(on: last, of: slices) {
            case .update: parts[all.filter { table.keyed.row.values[$0] != nil }, default: []].append(last)
            case .delete: write(last, table.key, to: &removals)
            case .insert, .upsert: write(last, all, to: &rows)
            }
        }
        if let stage = try load(removals, table.staged(table.key), &refused) {
            statements.append(table.deletion(stage))
        }
        if let stage = try load(rows, table.staged(all), &refused) {
            statements += [table.deletion(stage), table.insertion(all, stage)]
        }
        for (columns, lasts) in parts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var block = RowBlock.listed()
            for last in lasts where table.keyed.collect(last, of: slices) { write(last, columns, to: &block) }
            if let stage = try load(block, table.staged(columns), &refused) {
                statements += table.updates(columns, stage, isMove: false)
            }
        }
        for (last, failure) in refused { try resolve(last, failure, table) }
        table.keyed.changes.clear()
    }

    /// Puts rows into a stage; nil where there are none.
    private func load(
        _ block: borrowing RowBlock, _ columns: [(name: String, type: RedshiftType)],
        _ refused: inout [(last: Int32, failure: PostgresFailure)]
    ) throws(PostgresFailure) -> String? {
        guard block.count > 0 else { return nil }
        let stage = try session.stages.take(columns, session)
        try loader.load(block.count) { rows throws(PostgresFailure) in
            try session.fill(stage, rows, of: block, isCareful: loader.isCareful)
        } refuse: { row, failure throws(PostgresFailure) in
            refused.append((block.owner(row), failure))
        }
        return stage
    }

    /// Of a row that is refused each change is tried by itself, so that only the ones to blame are refused.
    private func resolve(
        _ last: Int32, _ failure: PostgresFailure, _ table: RedshiftMirrorTable
    ) throws(PostgresFailure) {
        let history = table.keyed.changes.history(of: last)
        for number in history {
            let change = table.keyed.changes.changes[Int(number)]
            if history.count == 1 {
                refusals[change.event] = failure
            } else {
                try stageAlone(change.event, change.effect, table)
            }
        }
    }

    private static func malformed(_ table: RedshiftMirrorTable) -> PostgresFailure {
        PostgresFailure(.data, "the payload of a row of \(table.descriptor.qualifiedName) is not a JSON object")
    }

    private func stageKeyless(_ table: RedshiftMirrorTable) throws(PostgresFailure) {
        guard !table.keyless.isEmpty else { return }
        let events = table.keyless
        table.keyless = []
        var block = RowBlock.listed()
        for (index, event) in events.enumerated() {
            if let column = table.writeKeyless(event, of: slices, to: &block.lines) {
                block.abandonLine()
                refusals[event] = table.refusal(column)
            } else {
                block.endLine(owner: Int32(index))
            }
        }
        var refused: [(last: Int32, failure: PostgresFailure)] = []
        if let stage = try load(block, table.staged(Array(table.columns.indices)) + table.changeColumns, &refused) {
            statements.append(table.append(stage, isReplay: settings.isReplay))
        }
        for (index, failure) in refused { refusals[events[Int(index)]] = failure }
    }

    /// Moves of rows to other keys, whose other columns only the mirror has.
    private func stageMoves(_ table: RedshiftMirrorTable) throws(PostgresFailure) {
        let moves = table.keyed.moves
        if moves.isEmpty { return }
        table.keyed.forgetMoves()
        var groups: [[Int]: [Int]] = [:]
        for (index, event) in moves.enumerated() {
            table.keyed.collectPayload(event, of: slices)
            groups[table.columns.indices.filter { table.keyed.row.values[$0] != nil }, default: []].append(index)
        }
        for (columns, indices) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var block = RowBlock.listed()
            for index in indices {
                block.lines.append(UInt8(ascii: "("))
                table.keyed.collectBefore(moves[index], of: slices)
                var column = table.writeValues(table.key, of: table.keyed.row, to: &block.lines)
                block.lines.append(UInt8(ascii: ","))
                table.keyed.collectPayload(moves[index], of: slices)
                column = column ?? table.writeValues(columns, of: table.keyed.row, to: &block.lines)
                block.lines.append(UInt8(ascii: ")"))
                if let column {
                    block.abandonLine()
                    refusals[moves[index]] = table.refusal(column)
                } else {
                    block.endLine(owner: Int32(index))
                }
            }
            var refused: [(last: Int32, failure: PostgresFailure)] = []
            if let stage = try load(block, table.stagedOldKey + table.staged(columns), &refused) {
                statements += table.updates(columns, stage, isMove: true)
            }
            for (index, failure) in refused { refusals[moves[Int(index)]] = failure }
        }
    }

    // MARK: One by one

    /// One effect of a change by itself: of one that gives a row another key, a removal is of the old one.
    private func stageAlone(
        _ event: EventReference, _ effect: PendingChanges.Effect, _ table: RedshiftMirrorTable
    ) throws(PostgresFailure) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        let own = record.key.isEmpty ? record.payload : record.key
        let object = effect != .removal ? record.payload : record.operation == .delete ? own : record.before
        var row = MirrorRow(table.shape)
        guard row.take(batch.bytes(of: object)) else {
            refusals[event] = Self.malformed(table)
            return
        }
        let columns =
            switch effect {
            case .removal: table.key
            case .whole: Array(table.columns.indices)
            case .partial: table.columns.indices.filter { row.values[$0] != nil }
            }
        var block = RowBlock.listed()
        if let column = table.write(columns, of: row, to: &block.lines) {
            refusals[event] = table.refusal(column)
            return
        }
        block.endLine(owner: 0)
        var refused: [(last: Int32, failure: PostgresFailure)] = []
        let stage = try load(block, table.staged(columns), &refused)
        if let failure = refused.first?.failure {
            refusals[event] = failure
        } else if let stage {
            switch effect {
            case .removal: statements.append(table.deletion(stage))
            case .whole: statements += [table.deletion(stage), table.insertion(columns, stage)]
            case .partial: statements += table.updates(columns, stage, isMove: false)
            }
        }
    }
}
