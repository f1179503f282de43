package import CoreIngest
import Synchronization

/// Writes events to Materialize, as rows of one table, or as changes behind views that equal their tables. Each write is one transaction that
/// also stores how far it reaches, so every event takes effect once: see docs/sinks/materialize.md.
package final class MaterializeSink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: MaterializeSinkSettings
    private let positions: MaterializePositions
    private let events: MaterializeEventTable
    private let invalidEvents: MaterializeEventTable?
    private var session: MaterializeSession?
    private var catalog: MaterializeMirrorCatalog
    private var progress = MaterializeProgress()
    private var upkeep: MaterializeUpkeep
    private var eventTablesAreReady = (plain: false, invalid: false)
    private let incomplete = Atomic<Int>(0)

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }

    /// Partial updates of rows that a mirror did not have, since the start: stored with what was known of them.
    package var incompleteRows: Int { incomplete.load(ordering: .relaxed) }

    package init(_ settings: MaterializeSinkSettings, renderer: EventRenderer) {
        self.settings = settings
        positions = MaterializePositions(settings)
        catalog = MaterializeMirrorCatalog(settings, positions)
        upkeep = MaterializeUpkeep(settings, positions)
        let schema = settings.schema ?? "public"
        events = MaterializeEventTable(
            name: MaterializeName(schema: schema, name: settings.defaultOutput), format: settings.format,
            renderer: renderer)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map {
            MaterializeEventTable(
                name: MaterializeName(schema: schema, name: $0), format: .envelope, renderer: renderer)
        }
    }

    private var place: String { "materialize sink \(settings.name)" }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        if let mistake = settings.mistake { throw SinkFailure(.misconfigured, "\(place): \(mistake)") }
        do throws(PostgresFailure) {
            _ = try connect()
            return settings.isReplay ? [:] : progress.stored.mapValues(\.floor)
        } catch {
            session = nil
            // Whatever it was: without a session there is nothing to write to.
            var failure = error.materializeFailure(at: place)
            failure.reopen = true
            throw failure
        }
    }

    /// Begins a session, and asks how far the sink is: what a lost session was told to commit is there, or is not.
    private func connect() throws(PostgresFailure) -> MaterializeSession {
        session = nil
        forget()
        let session = try MaterializeSession(settings)
        try positions.prepare(session)
        progress = try positions.load(session)
        upkeep.begin()
        self.session = session
        return session
    }

    private func forget() {
        catalog.forget()
        eventTablesAreReady = (false, false)
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        var looksAgain = true
        var connectsAgain = true
        while true {
            do throws(PostgresFailure) {
                let session: MaterializeSession
                if let known = self.session, known.isUsable {
                    session = known
                } else {
                    connectsAgain = false
                    session = try connect()
                }
                if try upkeep.hasRival(progress, session) {
                    self.session = nil
                    return .failed(SinkFailure(.unavailable, "\(place): \(MaterializeUpkeep.rivalry)"))
                }
                // Told by a write that failed, as there is no other way; the next attempt goes on.
                if let failure = upkeep.takeFailure() {
                    return .failed(SinkFailure(.unavailable, "\(place): \(failure.message)"))
                }
                return try attempt(slices, session)
            } catch {
                forget()
                let isOver = error.kind == .connectionLost || error.kind == .permission
                guard !isOver, let session, session.rollBack() else {
                    let wasThere = self.session != nil
                    self.session = nil
                    // Servers end sessions that are idle. What was stored is asked anew, so nothing is written twice.
                    if error.kind == .connectionLost, wasThere, connectsAgain {
                        connectsAgain = false
                        continue
                    }
                    var failure = error.materializeFailure(at: place)
                    failure.reopen = false
                    if error.kind == .other || error.kind == .data { failure.code = .unavailable }
                    return .failed(failure)
                }
                switch error.kind {
                case .catalogChanged where looksAgain: looksAgain = false
                case .data: return .refused(error.materializeFailure(at: place))
                case .catalogChanged, .connectionLost, .transient, .storageFull, .permission, .misconfigured, .other:
                    return .failed(error.materializeFailure(at: place))
                }
            }
        }
    }

    private func attempt(_ slices: [BatchSlice], _ session: MaterializeSession) throws(PostgresFailure) -> WriteOutcome
    {
        try prepareEventTables(session, slices)
        // A running instance goes on meanwhile.
        if settings.isReplay { progress.write = try positions.lastWrite(session) }
        let write = MaterializeWrite(
            slices, settings, session, positions: positions, events: events, invalidEvents: invalidEvents,
            catalog: catalog, progress: progress)
        defer {
            catalog = write.catalog
            // What is committed stays so, whatever failed behind it. Where the answer is unknown the session is lost, and it is asked.
            progress = write.progress
            incomplete.add(write.incompleteRows, ordering: .relaxed)
        }
        try write.run()
        if !settings.isReplay {
            // It deletes only what nobody needs; what fails is told before the next write, and tried again behind a later one.
            upkeep.note(write.changed)
            upkeep.run(write.progress, write.catalog, session)
        }
        return WriteOutcome(refusals: write.refusals.mapValues { $0.rejection(at: place) })
    }

    package func flush() async throws(SinkFailure) {}

    package func close() async { session = nil }

    /// The tables of events are made at the first write, so that one can see where they will be; in `mirror` the one of plain
    /// events only once there are any.
    private func prepareEventTables(
        _ session: MaterializeSession, _ slices: [BatchSlice]
    ) throws(PostgresFailure) {
        if !eventTablesAreReady.invalid { try invalidEvents?.prepare(session) }
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
        try events.prepare(session)
        eventTablesAreReady.plain = true
    }
}
