import CoreIngest

/// One call of `write`: events and how far they reach, in one transaction that only inserts. Where the shape of a mirror with pending
/// changes is another from here on, or a row is to be read that was changed before, what came before is committed with its own position
/// first; after a crash at any moment the rest is done again, and nothing twice.
final class MaterializeWrite {
    let slices: [BatchSlice]
    let settings: MaterializeSinkSettings
    let session: MaterializeSession
    let positions: MaterializePositions
    let events: MaterializeEventTable
    let invalidEvents: MaterializeEventTable?
    var catalog: MaterializeMirrorCatalog
    /// What is committed, as far as is known.
    private(set) var progress: MaterializeProgress
    /// Tables with pending changes, in the order in which they were met.
    var met: [MaterializeMirrorTable] = []
    var latest: (stream: StreamDescriptor, table: MaterializeMirrorTable)?
    /// Shapes that no table of the destination can have.
    var impossible: [(stream: StreamDescriptor, failure: PostgresFailure)] = []
    /// Events that are refused for ever, with the reason.
    var refusals: [EventReference: PostgresFailure] = [:]
    /// How many rows each mirror was given.
    private(set) var changed: [MaterializeName: Int] = [:]
    /// Partial updates of rows that a mirror did not have: stored with what was known of them.
    var incompleteRows = 0
    private var plain: [EventReference] = []
    private var invalid: [EventReference] = []
    private var account = WriteProgress()

    init(
        _ slices: [BatchSlice], _ settings: MaterializeSinkSettings, _ session: MaterializeSession,
        positions: MaterializePositions, events: MaterializeEventTable, invalidEvents: MaterializeEventTable?,
        catalog: MaterializeMirrorCatalog, progress: MaterializeProgress
    ) {
        self.slices = slices
        self.settings = settings
        self.session = session
        self.positions = positions
        self.events = events
        self.invalidEvents = invalidEvents
        self.catalog = catalog
        self.progress = progress
        if !settings.isReplay { account.stored = progress.stored }
    }

    /// Stores everything; ``refusals`` then has the events that were refused while the others were stored.
    func run() throws(PostgresFailure) {
        for (number, slice) in slices.enumerated() {
            let source = slice.batch.source
            for index in slice.range {
                let record = slice.batch.records[index]
                if !account.holds(record.position, of: source) {
                    try take(EventReference(slice: number, record: index), record)
                }
                account.passed(record.position, of: source)
            }
        }
        try commit()
    }

    private func take(_ event: EventReference, _ record: EventRecord) throws(PostgresFailure) {
        // Without a table for them, only a replay brings them: then they are wanted as they are.
        if record.isInvalid, invalidEvents != nil {
            invalid.append(event)
        } else if settings.mode == .mirror, record.goesToMirror {
            // The shape comes with the rows.
            if record.operation != .schemaChange { try takeChange(event, record) }
        } else if !record.operation.isControl {
            plain.append(event)
        }
    }

    // MARK: Committing

    /// Commits what is pending, with its position.
    func commit() throws(PostgresFailure) {
        let mirrors = try mirrorRows()
        var loads: [any MaterializeRows] = mirrors
        loads.append(MaterializeEventRows(plain, events))
        if let invalidEvents { loads.append(MaterializeEventRows(invalid, invalidEvents)) }
        while true {
            for load in loads { refusals.merge(load.render(slices)) { first, _ in first } }
            do throws(PostgresFailure) {
                try store(loads, marks: mirrors.compactMap { rows in rows.mark.map { (rows.mirror, $0) } })
                break
            } catch {
                guard error.kind == .data, session.rollBack() else { throw error }
                // Which rows are refused is found in transactions that are taken back; then the others are stored.
                var found: [EventReference: PostgresFailure] = [:]
                for load in loads { found.merge(try refused(load)) { first, _ in first } }
                // Nothing alone is refused, and all together is.
                if found.isEmpty { throw error }
                refusals.merge(found) { first, _ in first }
            }
        }
        for rows in mirrors { changed[rows.mirror, default: 0] += rows.count }
        for table in met { table.abandon() }
        met = []
        latest = nil
        plain = []
        invalid = []
    }

    /// One transaction.
    private func store(
        _ loads: [any MaterializeRows], marks: [(mirror: MaterializeName, sequence: UInt64)]
    ) throws(PostgresFailure) {
        let committed = settings.isReplay ? [] : resumptions()
        let isEmpty = loads.allSatisfy { $0.count == 0 } && marks.isEmpty && committed.isEmpty
        if isEmpty { return }
        try session.begin()
        for load in loads where load.count > 0 {
            try session.copy(into: load.table, load.columns, load.bytes(0..<load.count))
        }
        let write = progress.write + 1
        try session.commit(
            after: positions.insert(marks: marks) + positions.insert(committed, write: write, at: Timestamp.now()))
        guard !settings.isReplay else { return }
        progress.note(committed, write: write, rows: loads.map(\.count).max() ?? 0)
        account.stored = progress.stored
    }

    private func resumptions() -> [(source: SourceIdentity, resumption: ResumedSource)] {
        var account = account
        for event in refusals.keys {
            account.refuse(event.record(in: slices).position, of: event.batch(in: slices).source)
        }
        return account.resumptions
    }

    /// Tries the rows by themselves, and takes those out that the server refuses. Answers their events.
    private func refused(_ load: any MaterializeRows) throws(PostgresFailure) -> [EventReference: PostgresFailure] {
        var found: [(row: Int, failure: PostgresFailure)] = []
        let trial = RowLoader(connection: MaterializeTrial(session), isCareful: true)
        try trial.load(load.count) { rows throws(PostgresFailure) in
            try session.copy(into: load.table, load.columns, load.bytes(rows))
        } refuse: { row, failure throws(PostgresFailure) in
            found.append((row, failure))
        }
        var events: [EventReference: PostgresFailure] = [:]
        for (row, failure) in found { events[load.refuse(row)] = failure }
        return events
    }
}
