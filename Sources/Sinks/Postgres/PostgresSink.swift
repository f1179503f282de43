package import CoreIngest
import Synchronization

/// Writes events to a Postgres database, as rows of one table or as mirrors of their tables. Each write is one transaction that
/// also stores how far it reaches, so every event takes effect once: see docs/sinks/postgres.md.
package final class PostgresSink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: PostgresSinkSettings
    private let renderer: EventRenderer
    private let positions: PostgresPositions
    private let events: EventTableWriter
    private let invalidEvents: EventTableWriter?
    private var connection: PostgresConnection?
    private let catalog: MirrorCatalog
    private let incomplete = Atomic<Int>(0)
    private var resumed: [SourceIdentity: ResumedSource] = [:]
    private var eventTablesAreReady = (plain: false, invalid: false)

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }

    /// Partial updates of rows that a mirror did not have, since the start: stored with what was known of them. Stays 0 where a mirror
    /// began with a snapshot and nobody else deletes in it.
    package var incompleteRows: Int { incomplete.load(ordering: .relaxed) }

    package init(_ settings: PostgresSinkSettings, renderer: EventRenderer) {
        self.settings = settings
        self.renderer = renderer
        positions = PostgresPositions(settings)
        catalog = MirrorCatalog(settings)
        let schema = settings.schema ?? "public"
        events = EventTableWriter(
            table: PostgresTable(schema: schema, name: settings.defaultOutput), format: settings.format,
            renderer: renderer)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map {
            EventTableWriter(table: PostgresTable(schema: schema, name: $0), format: .envelope, renderer: renderer)
        }
    }

    private var place: String { "postgres sink \(settings.name)" }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        if let mistake = settings.mistake { throw SinkFailure(.misconfigured, "\(place): \(mistake)") }
        connection = nil
        catalog.forget()
        eventTablesAreReady = (false, false)
        do throws(PostgresFailure) {
            let connection = try PostgresConnection(settings.session)
            if !settings.isReplay {
                try positions.prepare(connection)
                try positions.lock(connection)
                resumed = try positions.load(connection)
            }
            self.connection = connection
            return resumed.mapValues(\.floor)
        } catch {
            // Whatever it was: without a session there is nothing to write to.
            var failure = error.sinkFailure(at: place)
            failure.reopen = true
            throw failure
        }
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        guard let connection, connection.isUsable else {
            return .failed(SinkFailure(.unavailable, "\(place): there is no session", reopen: true))
        }
        var isCareful = false
        var looksAgain = true
        while true {
            do throws(PostgresFailure) {
                return outcome(try attempt(slices, connection, isCareful: isCareful))
            } catch {
                catalog.forget()
                eventTablesAreReady = (false, false)
                guard connection.isUsable, rolledBack(connection) else {
                    var failure = error
                    failure.kind = .connectionLost
                    self.connection = nil
                    return .failed(failure.sinkFailure(at: place))
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

    /// Ends what is left of a failed transaction, with the temporary tables, of which some may be gone with it.
    private func rolledBack(_ connection: PostgresConnection) -> Bool {
        do throws(PostgresFailure) {
            try connection.run("ROLLBACK")
            try connection.run("DISCARD TEMP")
            return true
        } catch {
            return false
        }
    }

    private func outcome(_ refusals: [EventReference: PostgresFailure]) -> WriteOutcome {
        if refusals.isEmpty { return .delivered }
        let rejections = refusals.map { event, failure in
            Rejection(slice: Int(event.slice), record: Int(event.record), failure: failure.rejection(at: place))
        }
        return .rejected(rejections.sorted { ($0.slice, $0.record) < ($1.slice, $1.record) })
    }

    /// One transaction: the events and the positions. Answers the events that were refused while the others were stored.
    private func attempt(_ slices: [BatchSlice], _ connection: PostgresConnection, isCareful: Bool)
        throws(PostgresFailure) -> [EventReference: PostgresFailure]
    {
        try catalog.trimStages(connection)
        try connection.run(isCareful ? "BEGIN; SET CONSTRAINTS ALL IMMEDIATE" : "BEGIN")
        let loader = RowLoader(connection: connection, isCareful: isCareful)
        var plain: [EventReference] = []
        var invalid: [EventReference] = []
        var reached: [SourceIdentity: Position] = [:]
        var mirror = MirrorWriter(slices, loader, catalog)
        var refusals: [EventReference: PostgresFailure] = [:]
        for (number, slice) in slices.enumerated() {
            let resumption = resumed[slice.batch.source]
            for index in slice.range {
                let record = slice.batch.records[index]
                let event = EventReference(slice: number, record: index)
                reached[slice.batch.source] = max(reached[slice.batch.source] ?? .start, record.position)
                if let resumption, resumption.holds(record.position) { continue }
                if settings.mode == .mirror, record.operation == .schemaChange { continue }
                // Without a table for them, only a replay brings them: then they are wanted as they are.
                if record.isInvalid, invalidEvents != nil {
                    invalid.append(event)
                } else if settings.mode == .mirror, record.operation != .none, record.operation != .message {
                    try mirror.take(event)
                } else if !record.operation.isControl {
                    plain.append(event)
                }
            }
        }
        try mirror.carryOut()
        refusals.merge(mirror.refusals) { first, _ in first }
        try prepareEventTables(connection, needed: !plain.isEmpty)
        try events.append(plain, of: slices, by: loader) { refusals[$0] = $1 }
        try invalidEvents?.append(invalid, of: slices, by: loader) { refusals[$0] = $1 }
        let progress = settings.isReplay ? "" : statements(for: reached, refusals, slices)
        let committed = try connection.query(progress + "COMMIT")
        guard committed.tag == "COMMIT" else { throw PostgresFailure(.other, "the transaction was not committed") }
        incomplete.add(mirror.incompleteRows, ordering: .relaxed)
        // What was asked for again has come by.
        for (source, position) in reached {
            if let resumption = resumed[source], position >= resumption.stored { resumed[source] = nil }
        }
        return refusals
    }

    /// The tables of events are made at the first write, so that one can see where they will be; in `mirror` the one of plain
    /// events only once there are any.
    private func prepareEventTables(_ connection: PostgresConnection, needed: Bool) throws(PostgresFailure) {
        if !eventTablesAreReady.invalid { try invalidEvents?.prepare(connection) }
        eventTablesAreReady.invalid = true
        guard needed || settings.mode == .events, !eventTablesAreReady.plain else { return }
        try events.prepare(connection)
        eventTablesAreReady.plain = true
    }

    private func statements(
        for reached: [SourceIdentity: Position], _ refusals: [EventReference: PostgresFailure], _ slices: [BatchSlice]
    ) -> String {
        var text = ""
        for (source, position) in reached {
            var rejected = refusals.keys.filter { $0.batch(in: slices).source == source }
                .map { $0.record(in: slices).position }
            // Refused before the last reconnect, and still to come.
            if let resumption = resumed[source] { rejected += resumption.rejected.filter { $0 > position } }
            text += positions.statement(for: source, position, rejected: rejected.sorted())
        }
        return text
    }
}
