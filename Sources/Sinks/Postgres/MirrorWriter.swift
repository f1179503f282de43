import CoreIngest

/// Brings one write's changes to the mirror tables, within the transaction under way.
///
/// Changes are folded per table and key, then carried out in sets through a temporary table: empty the table if it was truncated,
/// delete, insert, upsert, and update some columns. After the fold each key stands in one of these sets only, so their order does not
/// matter, except that deletes go first: two texts of one key (1.0 and 1.00) are two keys to the fold.
struct MirrorWriter: ~Copyable {
    let slices: [BatchSlice]
    let loader: RowLoader<PostgresConnection>
    private let catalog: MirrorCatalog
    private var tables: [PostgresTable: TableChanges] = [:]
    /// The tables in the order in which they were met.
    private var order: [PostgresTable] = []
    private var latest: TableChanges?
    /// Shapes that no table of the destination can have.
    private var impossible: [(stream: StreamDescriptor, failure: PostgresFailure)] = []
    /// Events that were refused for ever, with the reason.
    var refusals: [EventReference: PostgresFailure] = [:]
    /// Partial updates of rows that the target did not have: stored with what was known.
    private(set) var incompleteRows = 0

    init(_ slices: [BatchSlice], _ loader: RowLoader<PostgresConnection>, _ catalog: MirrorCatalog) {
        self.slices = slices
        self.loader = loader
        self.catalog = catalog
    }

    /// Takes one change, truncation or mark of a snapshot. The order of calls is that of the source.
    mutating func take(_ event: EventReference) throws(PostgresFailure) {
        let record = event.record(in: slices)
        let batch = event.batch(in: slices)
        let stream = batch.stream(of: record)
        if let latest, latest.stream === stream {
            try take(event, record, latest)
        } else if let table = try possibleChanges(for: stream, batch.source, event, record) {
            latest = table
            try take(event, record, table)
        }
    }

    /// Nil where the destination cannot have such a table: the event is then refused, and other tables' changes go on.
    private mutating func possibleChanges(
        for stream: StreamDescriptor, _ source: SourceIdentity, _ event: EventReference, _ record: EventRecord
    ) throws(PostgresFailure) -> TableChanges? {
        var failure = impossible.first { $0.stream === stream }?.failure
        if failure == nil {
            do throws(PostgresFailure) {
                return try changes(for: stream, source)
            } catch {
                guard error.kind == .data, MirrorCatalog.impossibleTables.contains(error.sqlState) else {
                    throw error
                }
                impossible.append((stream, error))
                failure = error
            }
        }
        if !record.operation.isControl { refusals[event] = failure }
        return nil
    }

    private mutating func changes(for stream: StreamDescriptor, _ source: SourceIdentity) throws(PostgresFailure)
        -> TableChanges
    {
        let name = catalog.table(of: stream)
        let known = tables[name]
        if let known, known.stream === stream { return known }
        // What came under the old shape is carried out before the table changes to the new one.
        if let known, !known.target.serves(stream) { try carryOut(known) }
        let target = try catalog.target(for: stream, source: source, loader.connection)
        if let known, known.target === target {
            known.stream = stream
            return known
        }
        if known == nil { order.append(name) }
        let fresh = TableChanges(target, stream)
        tables[name] = fresh
        return fresh
    }

    private mutating func take(
        _ event: EventReference, _ record: EventRecord, _ table: TableChanges
    ) throws(PostgresFailure) {
        switch record.operation {
        case .snapshotBegin:
            table.keyless = []
            table.keyed.changes.truncate()
        case .snapshotEnd, .none, .message, .schemaChange: break
        case .truncate:
            if table.target.hasKey { table.keyed.changes.truncate() } else { table.keyless.append(event) }
        case .create, .read, .update, .delete:
            guard table.target.hasKey else {
                table.keyless.append(event)
                return
            }
            try fold(event, table)
        }
    }

    private mutating func fold(_ event: EventReference, _ table: TableChanges) throws(PostgresFailure) {
        switch table.keyed.fold(event, of: slices) {
        case .taken: break
        case .withoutKey:
            refusals[event] = PostgresFailure(
                .data, "the change does not tell its row's key (SQLSTATE 22023)", sqlState: "22023")
        case .partialMove:
            try carryOut(table)
            try applyAlone(event, .partial, table)
        }
    }

    // MARK: Carrying out

    /// Carries out everything that is pending.
    mutating func carryOut() throws(PostgresFailure) {
        for name in order {
            if let table = tables[name] { try carryOut(table) }
        }
    }

    private mutating func carryOut(_ table: TableChanges) throws(PostgresFailure) {
        let target = table.target
        if table.keyed.changes.truncates { try loader.connection.define("TRUNCATE TABLE \(target.table.sql)") }
        try appendKeyless(table)
        if table.keyed.changes.lasts.isEmpty {
            table.keyed.changes.clear()
            return
        }
        if try carryOutFew(table) { return }
        var removals = RowBlock()
        var inserts = RowBlock()
        var upserts = RowBlock()
        var updates: [[Int]: [Int32]] = [:]
        for last in table.keyed.changes.lasts where last >= 0 {
            guard table.keyed.collect(last, of: slices) else {
                for change in table.keyed.changes.parts(of: last) {
                    refusals[table.keyed.changes.changes[Int(change)].event] = PostgresFailure(
                        .data, "the payload is not a JSON object (SQLSTATE 22P02)", sqlState: "22P02")
                }
                continue
            }
            switch table.keyed.changes.verdict(on: last, of: slices) {
            case .delete:
                if !table.keyed.changes.truncates { table.write(target.key, last, to: &removals) }
            case .insert:
                if loader.isCareful || catalog.meetsConflicts(target.table) {
                    table.write(target.writable, last, to: &upserts)
                } else {
                    table.write(target.writable, last, to: &inserts)
                }
            case .upsert: table.write(target.writable, last, to: &upserts)
            case .update:
                updates[target.writable.filter { table.keyed.row.values[$0] != nil }, default: []].append(last)
            }
        }
        try delete(removals, table)
        try insert(inserts, table)
        try upsert(upserts, table)
        for (columns, lasts) in updates.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var block = RowBlock()
            for last in lasts where table.keyed.collect(last, of: slices) { table.write(columns, last, to: &block) }
            try update(block, columns, table)
        }
        table.keyed.changes.clear()
    }

    /// Changes that are few are done sooner one by one than by way of the temporary table.
    private static let few = 4

    private mutating func carryOutFew(_ table: TableChanges) throws(PostgresFailure) -> Bool {
        let lasts = table.keyed.changes.lasts
        guard lasts.count <= Self.few, !loader.isCareful,
            lasts.allSatisfy({ table.keyed.changes.parts(of: $0).count == 1 })
        else { return false }
        let changes = lasts.map { table.keyed.changes.changes[Int($0)] }
        for change in changes where change.effect == .removal { try applyAlone(change.event, .removal, table) }
        for change in changes where change.effect != .removal { try applyAlone(change.event, change.effect, table) }
        table.keyed.changes.clear()
        return true
    }

    private mutating func delete(_ block: borrowing RowBlock, _ table: TableChanges) throws(PostgresFailure) {
        try throughStage(block, table.target.key, table) { $0.deleteStatement(from: $1) }
    }

    private mutating func insert(_ block: borrowing RowBlock, _ table: TableChanges) throws(PostgresFailure) {
        guard block.count > 0 else { return }
        let target = table.target
        do throws(PostgresFailure) {
            try loader.connection.copy(
                "COPY \(target.table.sql) (\(target.list(target.writable))) FROM STDIN", into: target.table.name,
                block.bytes(0..<block.count))
        } catch {
            // The write is tried again, carefully; from now on with upserts here.
            if error.sqlState == "23505" { catalog.noteConflict(in: target.table) }
            throw error
        }
    }

    private mutating func upsert(_ block: borrowing RowBlock, _ table: TableChanges) throws(PostgresFailure) {
        try throughStage(block, table.target.writable, table) { $0.upsertStatement(from: $1) }
    }

    /// Some columns of rows that the target has; those it does not have are stored with what is known of them.
    private mutating func update(_ block: borrowing RowBlock, _ columns: [Int], _ table: TableChanges)
        throws(PostgresFailure)
    {
        guard block.count > 0 else { return }
        let target = table.target
        let stage = try catalog.stage(for: target, loader.connection)
        let connection = loader.connection
        var missing = 0
        try load(block, table) { rows throws(PostgresFailure) in
            try connection.copy(target.stageStatement(stage, columns), into: stage, block.bytes(rows))
            var changed = 0
            if let update = target.updateStatement(columns, from: stage) {
                changed = try connection.query(update).affected
            }
            guard changed < rows.count else { return }
            missing += try connection.query(target.fillStatement(columns, from: stage)).affected
        }
        incompleteRows += missing
    }

    private mutating func throughStage(
        _ block: borrowing RowBlock, _ columns: [Int], _ table: TableChanges,
        _ statement: (MirrorTarget, String) -> String
    ) throws(PostgresFailure) {
        guard block.count > 0 else { return }
        let target = table.target
        let stage = try catalog.stage(for: target, loader.connection)
        let merge = statement(target, stage)
        let connection = loader.connection
        try load(block, table) { rows throws(PostgresFailure) in
            try connection.copy(target.stageStatement(stage, columns), into: stage, block.bytes(rows))
            try connection.run(merge)
        }
    }

    /// Loads a block; of a row that is refused, each change is tried by itself, so that only the ones to blame are refused.
    private mutating func load(
        _ block: borrowing RowBlock, _ table: TableChanges,
        _ apply: (Range<Int>) throws(PostgresFailure) -> Void
    ) throws(PostgresFailure) {
        var refused: [(row: Int, failure: PostgresFailure)] = []
        try loader.load(block.count, apply) { row, failure throws(PostgresFailure) in refused.append((row, failure)) }
        for (row, failure) in refused {
            let history = table.keyed.changes.history(of: block.owner(row))
            if history.count == 1 {
                refusals[table.keyed.changes.changes[Int(history[0])].event] = failure
                continue
            }
            for number in history {
                let change = table.keyed.changes.changes[Int(number)]
                try applyAlone(change.event, change.effect, table)
            }
        }
    }

    // MARK: One by one

    /// Applies one change by itself, with parameters.
    private mutating func applyAlone(
        _ event: EventReference, _ effect: PendingChanges.Effect, _ table: TableChanges
    ) throws(PostgresFailure) {
        let single = SingleChange(event: event, slices: slices, target: table.target, connection: loader.connection)
        var failed: PostgresFailure?
        var incomplete = 0
        try loader.load(1) { _ throws(PostgresFailure) in
            incomplete = try single.apply(effect)
        } refuse: { _, failure throws(PostgresFailure) in
            failed = failure
        }
        incompleteRows += incomplete
        if let failed { refusals[event] = failed }
    }
}
