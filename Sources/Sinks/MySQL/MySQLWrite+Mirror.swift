import CoreIngest

/// Changes are folded per table and key, then carried out in sets: deletions, then rows. After the fold each key stands in one set only, so
/// their order does not matter, except that deletions go first: two texts of one key are two keys to the fold.
extension MySQLWrite {
    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    func takeChange(_ event: EventReference, _ record: EventRecord) throws(MySQLFailure) {
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        let table: MySQLMirrorTable
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
        case .snapshotBegin: try empty(table)
        case .truncate where table.hasKey: try empty(table)
        case .truncate: table.keyless.append(event)
        case .create, .read, .update, .delete:
            if table.hasKey { try fold(event, table) } else { table.keyless.append(event) }
        }
    }

    /// Nil where the destination cannot have such a table: the event is then refused, and other tables' changes go on.
    private func table(
        for stream: StreamDescriptor, _ source: SourceIdentity, _ event: EventReference, _ record: EventRecord
    ) throws(MySQLFailure) -> MySQLMirrorTable? {
        var failure = impossible.first { $0.stream === stream }?.failure
        if failure == nil {
            // What came under the old shape is carried out before the table changes to the new one.
            if let old = catalog.known(stream, connection), !old.serves(stream) {
                try carryOut(old)
                met.removeAll { $0 === old }
            }
            let found = try catalog.table(for: stream, source: source, connection) { sql throws(MySQLFailure) in
                try define(sql)
            }
            switch found {
            case .success(let table): return table
            case .failure(let refusal):
                impossible.append((stream, refusal))
                failure = refusal
            }
        }
        if !record.operation.isControl { refusals[event] = failure }
        return nil
    }

    private func fold(_ event: EventReference, _ table: MySQLMirrorTable) throws(MySQLFailure) {
        switch table.keyed.fold(event, of: slices) {
        case .taken: break
        case .withoutKey:
            refusals[event] = MySQLFailure(
                .data, "the change of \(table.descriptor.qualifiedName) does not tell its row's key")
        case .partialMove:
            try carryOut(table)
            try applyAlone(event, .partial, table)
        }
    }

    // MARK: Carrying out

    /// Keys of one statement: more, and servers may read the whole table.
    private static let mostKeys = 500

    /// Carries out what is pending for a table.
    func carryOut(_ table: MySQLMirrorTable) throws(MySQLFailure) {
        try appendKeyless(table)
        if table.keyed.changes.lasts.isEmpty { return }
        var removals = RowBlock.listed()
        var rows = RowBlock.listed()
        var parts: [[Int]: [Int32]] = [:]
        var refused: [(last: Int32, failure: MySQLFailure)] = []
        for last in table.keyed.changes.lasts where last >= 0 {
            guard table.keyed.collect(last, of: slices) else {
                refused.append((last, Self.malformed(table)))
                continue
            }
            let verdict = table.keyed.changes.verdict(on: last, of: slices)
            var failure: MySQLFailure?
            switch verdict {
            case .update:
                parts[table.writable.filter { table.keyed.row.values[$0] != nil }, default: []].append(last)
            case .delete: failure = write(last, table.key, table, isKey: true, to: &removals)
            case .insert, .upsert: failure = write(last, table.writable, table, isKey: false, to: &rows)
            }
            if let failure { refused.append((last, failure)) }
        }
        try load(removals, table.deletion, table, most: Self.mostKeys, &refused)
        try load(rows, table.upsert(table.writable), table, &refused)
        for (columns, lasts) in parts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var block = RowBlock.listed()
            for last in lasts where table.keyed.collect(last, of: slices) {
                if let failure = write(last, columns, table, isKey: false, to: &block) {
                    refused.append((last, failure))
                }
            }
            // Rows that are not there are stored with what is known of them.
            try load(block, table.upsert(columns), table, &refused)
        }
        for (last, failure) in refused { try resolve(last, failure, table) }
        table.keyed.changes.clear()
    }

    private func write(
        _ last: Int32, _ columns: [Int], _ table: MySQLMirrorTable, isKey: Bool, to block: inout RowBlock
    ) -> MySQLFailure? {
        let column =
            isKey && columns.count == 1
            ? (table.writeValue(columns[0], of: table.keyed.row, to: &block.lines) ? nil : columns[0])
            : table.write(columns, of: table.keyed.row, to: &block.lines)
        guard let column else {
            block.endLine(owner: last)
            return nil
        }
        block.abandonLine()
        return table.refusal(column)
    }

    private func load(
        _ block: borrowing RowBlock, _ statement: (head: String, tail: String), _ table: MySQLMirrorTable,
        most: Int = .max, _ refused: inout [(last: Int32, failure: MySQLFailure)]
    ) throws(MySQLFailure) {
        guard block.count > 0 else { return }
        try loader.load(block.count) { rows throws(MySQLFailure) in
            try connection.run(statement, rows, of: block, most: most)
        } refuse: { row, failure throws(MySQLFailure) in
            refused.append((block.owner(row), failure))
        }
    }

    /// Of a row that is refused each change is tried by itself, so that only the ones to blame are refused.
    private func resolve(_ last: Int32, _ failure: MySQLFailure, _ table: MySQLMirrorTable) throws(MySQLFailure) {
        let history = table.keyed.changes.history(of: last)
        for number in history {
            let change = table.keyed.changes.changes[Int(number)]
            if history.count == 1 {
                refusals[change.event] = failure
            } else {
                try applyAlone(change.event, change.effect, table)
            }
        }
    }

    private static func malformed(_ table: MySQLMirrorTable) -> MySQLFailure {
        MySQLFailure(.data, "the payload of a row of \(table.descriptor.qualifiedName) is not a JSON object")
    }

    private func appendKeyless(_ table: MySQLMirrorTable) throws(MySQLFailure) {
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
        var refused: [(last: Int32, failure: MySQLFailure)] = []
        try load(block, table.append, table, &refused)
        for (index, failure) in refused { refusals[events[Int(index)]] = failure }
    }

    // MARK: One by one

    /// Has one effect of a change by itself: of one that gives a row another key, a removal is of the old one.
    private func applyAlone(
        _ event: EventReference, _ effect: PendingChanges.Effect, _ table: MySQLMirrorTable
    ) throws(MySQLFailure) {
        var failed: MySQLFailure?
        try loader.load(1) { _ throws(MySQLFailure) in
            failed = try apply(event, effect, table)
        } refuse: { _, failure throws(MySQLFailure) in
            failed = failure
        }
        if let failed { refusals[event] = failed }
    }

    /// Answers why the table cannot hold the row, where that is seen before it is sent.
    private func apply(
        _ event: EventReference, _ effect: PendingChanges.Effect, _ table: MySQLMirrorTable
    ) throws(MySQLFailure) -> MySQLFailure? {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        var row = MirrorRow(table.shape)
        let isMoved = record.flags.contains(.keyChanged) && !record.before.isEmpty
        let own = record.key.isEmpty ? record.payload : record.key
        let object = effect != .removal ? record.payload : record.operation == .delete ? own : record.before
        guard row.take(batch.bytes(of: object)) else { return Self.malformed(table) }
        var block = RowBlock.listed()
        switch effect {
        case .removal:
            let column =
                table.key.count == 1
                ? (table.writeValue(table.key[0], of: row, to: &block.lines) ? nil : table.key[0])
                : table.write(table.key, of: row, to: &block.lines)
            if let column { return table.refusal(column) }
            block.endLine(owner: 0)
            try connection.run(table.deletion, 0..<1, of: block)
        case .whole, .partial:
            let columns = effect == .whole ? table.writable : table.writable.filter { row.values[$0] != nil }
            if effect == .partial, isMoved {
                var old = MirrorRow(table.shape)
                guard old.take(batch.bytes(of: record.before)) else { return Self.malformed(table) }
                let moved = try move(from: old, to: row, columns, table)
                if moved.failure != nil || moved.isDone { return moved.failure }
            }
            if let column = table.write(columns, of: row, to: &block.lines) { return table.refusal(column) }
            block.endLine(owner: 0)
            try connection.run(table.upsert(columns), 0..<1, of: block)
        }
        return nil
    }

    /// Gives a row another key, and some columns; not done where it is not there.
    private func move(
        from old: MirrorRow, to new: MirrorRow, _ columns: [Int], _ table: MySQLMirrorTable
    ) throws(MySQLFailure) -> (isDone: Bool, failure: MySQLFailure?) {
        var sql = ByteArena(capacity: 256)
        sql.append(text: "UPDATE \(table.sql) SET ")
        for (place, index) in columns.enumerated() {
            sql.append(text: "\(place > 0 ? ", " : "")\(table.columns[index].sql) = ")
            guard table.writeValue(index, of: new, to: &sql) else { return (false, table.refusal(index)) }
        }
        for (place, index) in table.key.enumerated() {
            sql.append(text: "\(place > 0 ? " AND " : " WHERE ")\(table.columns[index].sql) = ")
            guard table.writeValue(index, of: old, to: &sql) else { return (false, table.refusal(index)) }
        }
        guard sql.count < connection.server.mostPacket else {
            return (false, MySQLFailure(.data, "the row is larger than the server's max_allowed_packet", code: 1153))
        }
        return (try connection.run(sql) > 0, nil)
    }
}
