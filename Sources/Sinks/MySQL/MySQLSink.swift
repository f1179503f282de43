package import CoreIngest

/// Writes events to a MySQL or MariaDB database, as rows of one table or as mirrors of their tables. Each write is one transaction that
/// also stores how far it reaches, so every event takes effect once: see docs/sinks/mysql.md.
package final class MySQLSink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    let settings: MySQLSinkSettings
    private let positions: MySQLPositions
    private let events: MySQLEventTable
    private let invalidEvents: MySQLEventTable?
    private var connection: MySQLConnection?
    private var catalog: MySQLMirrorCatalog
    private var eventTablesAreReady = (plain: false, invalid: false)

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }

    package init(_ settings: MySQLSinkSettings, renderer: EventRenderer) {
        self.settings = settings
        catalog = MySQLMirrorCatalog(settings)
        positions = MySQLPositions(sink: settings.name)
        events = MySQLEventTable(name: settings.defaultOutput, format: settings.format, renderer: renderer)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map {
            MySQLEventTable(name: $0, format: .envelope, renderer: renderer)
        }
    }

    private var place: String { "mysql sink \(settings.name)" }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        do throws(MySQLFailure) {
            let connection = try connect()
            guard !settings.isReplay else { return [:] }
            try positions.prepare(connection)
            return try positions.load(connection).mapValues(\.floor)
        } catch {
            connection = nil
            // Whatever it was: without a session there is nothing to write to.
            var failure = error.sinkFailure(at: place)
            failure.reopen = true
            throw failure
        }
    }

    private func connect() throws(MySQLFailure) -> MySQLConnection {
        connection = nil
        forget()
        let connection = try MySQLConnection(settings)
        self.connection = connection
        return connection
    }

    private func forget() {
        catalog.forget()
        eventTablesAreReady = (false, false)
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        var isCareful = false
        var looksAgain = true
        while true {
            do throws(MySQLFailure) {
                // Servers end sessions that are idle. Where the sink stands is asked in each transaction, so a new one goes on.
                let session: MySQLConnection
                if let connection, connection.isAlive() { session = connection } else { session = try connect() }
                try prepareEventTables(session, slices)
                let write = MySQLWrite(
                    slices, settings, session, isCareful: isCareful, positions: positions, events: events,
                    invalidEvents: invalidEvents, catalog: catalog)
                defer { catalog = write.catalog }
                try write.run()
                return WriteOutcome(refusals: write.refusals.mapValues { $0.rejection(at: place) })
            } catch {
                forget()
                let isOver = error.kind == .connectionLost || error.kind == .permission
                guard !isOver, let connection, connection.isUsable, (try? connection.run("ROLLBACK")) != nil else {
                    // The next call connects anew: grants and the role of a server are those of when a session began. It is not for the
                    // lane to open the sink, which would work and tell nothing of the next write.
                    self.connection = nil
                    var failure = error.sinkFailure(at: place)
                    if error.kind == .other || error.kind == .data { failure.code = .unavailable }
                    return .failed(failure)
                }
                switch error.kind {
                case .data where !isCareful: isCareful = true
                case .data: return .refused(error.sinkFailure(at: place))
                case .catalogChanged where looksAgain: looksAgain = false
                case .catalogChanged, .connectionLost, .transient, .storageFull, .permission, .misconfigured, .other:
                    return .failed(error.sinkFailure(at: place))
                }
            }
        }
    }

    package func flush() async throws(SinkFailure) {}

    package func close() async { connection = nil }

    /// The tables of events are made at the first write, so that one can see where they will be; in `mirror` the one of plain
    /// events only once there are any. Before a transaction, which making a table would end.
    private func prepareEventTables(_ connection: MySQLConnection, _ slices: [BatchSlice]) throws(MySQLFailure) {
        if !eventTablesAreReady.invalid { try invalidEvents?.prepare(connection) }
        eventTablesAreReady.invalid = true
        guard !eventTablesAreReady.plain else { return }
        let isNeeded =
            settings.mode == .events
            || slices.contains { slice in
                slice.range.contains {
                    let operation = slice.batch.records[$0].operation
                    return operation == .none || operation == .message
                }
            }
        guard isNeeded else { return }
        try events.prepare(connection)
        eventTablesAreReady.plain = true
    }
}
