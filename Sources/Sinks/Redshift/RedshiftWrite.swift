import CoreIngest

/// One call of `write`: rows are put into stages, then one short transaction takes them over and stores how far they reach.
///
/// Tables are made and changed while rows are staged, each by itself: nothing of that is wrong if the transaction comes later, or again.
final class RedshiftWrite {
    let slices: [BatchSlice]
    let settings: RedshiftSinkSettings
    let loader: RowLoader<RedshiftSession>
    let positions: RedshiftPositions
    let events: RedshiftEventTable
    let invalidEvents: RedshiftEventTable?
    var catalog: RedshiftMirrorCatalog
    /// Tables with pending changes, in the order in which they were met.
    var met: [RedshiftMirrorTable] = []
    var latest: (stream: StreamDescriptor, table: RedshiftMirrorTable)?
    /// Shapes that no table of the destination can have.
    var impossible: [(stream: StreamDescriptor, failure: PostgresFailure)] = []
    /// Events that are refused for ever, with the reason.
    var refusals: [EventReference: PostgresFailure] = [:]
    /// What the transaction does, in order.
    var statements: [String] = []
    private var plain: [EventReference] = []
    private var invalid: [EventReference] = []
    private var progress = WriteProgress()
    /// What is stored, as this session knows it; once the transaction is committed, as it is then.
    private(set) var stored: [SourceIdentity: ResumedSource]

    init(
        _ slices: [BatchSlice], _ settings: RedshiftSinkSettings, _ session: RedshiftSession, isCareful: Bool,
        stored: [SourceIdentity: ResumedSource], positions: RedshiftPositions, events: RedshiftEventTable,
        invalidEvents: RedshiftEventTable?, catalog: RedshiftMirrorCatalog
    ) {
        self.slices = slices
        self.settings = settings
        loader = RowLoader(connection: session, isCareful: isCareful)
        self.stored = stored
        progress.stored = stored
        self.positions = positions
        self.events = events
        self.invalidEvents = invalidEvents
        self.catalog = catalog
    }

    var session: RedshiftSession { loader.connection }

    /// Stores everything; ``refusals`` then has the events that were refused while the others were stored.
    func run() throws(PostgresFailure) {
        session.stages.free()
        for (number, slice) in slices.enumerated() {
            let source = slice.batch.source
            for index in slice.range {
                let record = slice.batch.records[index]
                if !progress.holds(record.position, of: source) {
                    try take(EventReference(slice: number, record: index), record)
                }
                progress.passed(record.position, of: source)
            }
        }
        for table in met { try stage(table) }
        if let statement = try events.stage(plain, of: slices, by: loader, refuse: { refusals[$0] = $1 }) {
            statements.append(statement)
        }
        if let statement = try invalidEvents?.stage(invalid, of: slices, by: loader, refuse: { refusals[$0] = $1 }) {
            statements.append(statement)
        }
        try transact()
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

    private func transact() throws(PostgresFailure) {
        let moves = settings.isReplay ? [] : moves()
        if statements.isEmpty, moves.isEmpty { return }
        try session.run("BEGIN")
        if !moves.isEmpty {
            try positions.lock(session)
            for (source, move) in moves {
                try positions.store(source, from: stored[source], to: move, session)
            }
        }
        for statement in statements { try session.run(statement) }
        try session.run("COMMIT")
        for (source, move) in moves { stored[source] = move }
    }

    /// The positions that change, in one order.
    private func moves() -> [(source: SourceIdentity, resumption: ResumedSource)] {
        for event in refusals.keys {
            progress.refuse(event.record(in: slices).position, of: event.batch(in: slices).source)
        }
        return progress.resumptions.filter { source, resumption in
            stored[source]?.stored != resumption.stored || stored[source]?.rejected != resumption.rejected
        }.sorted {
            ($0.source.name, $0.source.systemIdentifier, $0.source.generation)
                < ($1.source.name, $1.source.systemIdentifier, $1.source.generation)
        }
    }
}
