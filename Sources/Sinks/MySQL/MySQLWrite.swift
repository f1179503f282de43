import CoreIngest

/// One call of `write`: a transaction that stores the events and how far they reach. Where a table must be made or changed, the server
/// ends the transaction, so what came before is committed with its own position first; after a crash at any moment the rest is done again,
/// and nothing twice.
final class MySQLWrite {
    let slices: [BatchSlice]
    let settings: MySQLSinkSettings
    let loader: RowLoader<MySQLConnection>
    let positions: MySQLPositions
    let events: MySQLEventTable
    let invalidEvents: MySQLEventTable?
    var catalog: MySQLMirrorCatalog
    /// Tables with pending changes, in the order in which they were met.
    var met: [MySQLMirrorTable] = []
    var latest: (stream: StreamDescriptor, table: MySQLMirrorTable)?
    /// Shapes that no table of the destination can have.
    var impossible: [(stream: StreamDescriptor, failure: MySQLFailure)] = []
    /// Events that are refused for ever, with the reason.
    var refusals: [EventReference: MySQLFailure] = [:]
    private var plain: [EventReference] = []
    private var invalid: [EventReference] = []
    private var progress = WriteProgress()

    init(
        _ slices: [BatchSlice], _ settings: MySQLSinkSettings, _ connection: MySQLConnection, isCareful: Bool,
        positions: MySQLPositions, events: MySQLEventTable, invalidEvents: MySQLEventTable?,
        catalog: MySQLMirrorCatalog
    ) {
        self.slices = slices
        self.settings = settings
        loader = RowLoader(connection: connection, isCareful: isCareful)
        self.positions = positions
        self.events = events
        self.invalidEvents = invalidEvents
        self.catalog = catalog
    }

    var connection: MySQLConnection { loader.connection }

    /// Stores everything; ``refusals`` then has the events that were refused while the others were stored.
    func run() throws(MySQLFailure) {
        try begin()
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
        try commit()
    }

    private func take(_ event: EventReference, _ record: EventRecord) throws(MySQLFailure) {
        // Without a table for them, only a replay brings them: then they are wanted as they are.
        if record.isInvalid, invalidEvents != nil {
            invalid.append(event)
        } else if settings.mode == .mirror, record.operation != .none, record.operation != .message {
            // The shape comes with the rows.
            if record.operation != .schemaChange { try takeChange(event, record) }
        } else if !record.operation.isControl {
            plain.append(event)
        }
    }

    // MARK: Transactions

    private func begin() throws(MySQLFailure) {
        try connection.run("START TRANSACTION")
        if settings.isReplay { return }
        // In one order, so that two writers do not wait for each other.
        let sources = Set(slices.map(\.batch.source)).sorted {
            ($0.name, $0.systemIdentifier, $0.generation) < ($1.name, $1.systemIdentifier, $1.generation)
        }
        for source in sources { progress.stored[source] = try positions.lock(source, connection) }
    }

    private func commit() throws(MySQLFailure) {
        for table in met { try carryOut(table) }
        met = []
        latest = nil
        try events.append(plain, of: slices, by: loader) { refusals[$0] = $1 }
        try invalidEvents?.append(invalid, of: slices, by: loader) { refusals[$0] = $1 }
        plain = []
        invalid = []
        if !settings.isReplay {
            var progress = progress
            for event in refusals.keys {
                progress.refuse(event.record(in: slices).position, of: event.batch(in: slices).source)
            }
            for (source, resumption) in progress.resumptions { try positions.store(source, resumption, connection) }
        }
        try connection.run("COMMIT")
    }

    /// Runs statements that end a transaction, between two: what came before is committed with its position.
    func betweenTransactions(_ work: () throws(MySQLFailure) -> Void) throws(MySQLFailure) {
        try commit()
        do throws(MySQLFailure) {
            try work()
        } catch {
            // What failed may be of one table only: then the others go on.
            try begin()
            throw error
        }
        try begin()
    }

    /// Runs statements that define a table, in a session that may take its time.
    func define(_ statements: [String]) throws(MySQLFailure) {
        try betweenTransactions { () throws(MySQLFailure) in
            let session = try MySQLConnection(settings, statement: settings.schemaChangeTimeout)
            for statement in statements { try session.define(statement) }
        }
    }

    /// Empties a mirror. Somebody may have granted no `DROP`, or a foreign key may forbid `TRUNCATE`: then in parts.
    func empty(_ table: MySQLMirrorTable) throws(MySQLFailure) {
        if try connection.texts("SELECT 1 FROM \(table.sql) LIMIT 1").isEmpty, table.isEmpty { return }
        try betweenTransactions { () throws(MySQLFailure) in
            do throws(MySQLFailure) {
                let session = try MySQLConnection(settings, statement: settings.schemaChangeTimeout)
                try session.run("TRUNCATE TABLE \(table.sql)")
            } catch {
                guard [1142, 1701, 1217, 1451].contains(error.code) else { throw error }
                while try connection.define("DELETE FROM \(table.sql) LIMIT 10000") > 0 {}
            }
        }
    }
}
