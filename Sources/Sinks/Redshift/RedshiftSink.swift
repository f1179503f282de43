package import CoreIngest

/// Writes events to Amazon Redshift, as rows of one table or as mirrors of their tables. Each write is one transaction that also stores
/// how far it reaches, so every event takes effect once: see docs/sinks/redshift.md.
package final class RedshiftSink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: RedshiftSinkSettings
    private let positions: RedshiftPositions
    private let events: RedshiftEventTable
    private let invalidEvents: RedshiftEventTable?
    private let bucket: RedshiftBucket?
    private var session: RedshiftSession?
    private var catalog: RedshiftMirrorCatalog
    private var stored: [SourceIdentity: ResumedSource] = [:]

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }

    package init(_ settings: RedshiftSinkSettings, renderer: EventRenderer) {
        self.settings = settings
        bucket = settings.staging.map {
            RedshiftBucket(
                $0, sink: settings.name, connectTimeout: settings.connectTimeout, timeout: settings.statementTimeout)
        }
        positions = RedshiftPositions(settings)
        catalog = RedshiftMirrorCatalog(settings)
        events = RedshiftEventTable(settings.defaultOutput, settings, format: settings.format, renderer: renderer)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map {
            RedshiftEventTable($0, settings, format: .envelope, renderer: renderer)
        }
    }

    private static let page = "docs/sinks/redshift.md"
    private var place: String { "redshift sink \(settings.name)" }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        do throws(PostgresFailure) {
            _ = try connect()
            try bucket?.probe()
            return stored.mapValues(\.floor)
        } catch {
            session = nil
            // Whatever it was: without a session there is nothing to write to.
            var failure = error.sinkFailure(at: place, page: Self.page)
            failure.reopen = true
            throw failure
        }
    }

    private func connect() throws(PostgresFailure) -> RedshiftSession {
        session = nil
        forget()
        let session = try RedshiftSession(settings, bucket: bucket)
        if !settings.isReplay {
            try positions.prepare(session)
            stored = try positions.load(session)
        }
        self.session = session
        return session
    }

    private func forget() {
        catalog.forget()
        events.forget()
        invalidEvents?.forget()
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        var isCareful = false
        var looksAgain = true
        while true {
            do throws(PostgresFailure) {
                // Redshift ends sessions that are idle, and of those that a pause of the cluster ended nothing is told: positions are
                // asked for with each session, so a new one goes on.
                let session: RedshiftSession
                if let known = self.session, known.isUsable { session = known } else { session = try connect() }
                // So that one can see where events will be.
                if settings.mode == .events { try events.prepare(session) }
                try invalidEvents?.prepare(session)
                let write = RedshiftWrite(
                    slices, settings, session, isCareful: isCareful, stored: stored, positions: positions,
                    events: events, invalidEvents: invalidEvents, catalog: catalog)
                defer { catalog = write.catalog }
                try write.run()
                stored = write.stored
                return WriteOutcome(refusals: write.refusals.mapValues { $0.rejection(at: place) })
            } catch {
                forget()
                let isOver = error.kind == .connectionLost || error.kind == .permission
                guard !isOver, let session, session.isUsable, (try? session.run("ROLLBACK")) != nil else {
                    // The next call connects anew. It is not for the lane to open the sink, which would work and tell nothing of the
                    // next write.
                    self.session = nil
                    var failure = error.sinkFailure(at: place, page: Self.page)
                    failure.reopen = false
                    if error.kind == .other || error.kind == .data { failure.code = .unavailable }
                    return .failed(failure)
                }
                switch error.kind {
                case .data where !isCareful: isCareful = true
                case .data: return .refused(error.sinkFailure(at: place, page: Self.page))
                case .catalogChanged where looksAgain:
                    looksAgain = false
                    if let failure = reload(session) { return .failed(failure) }
                case .catalogChanged, .connectionLost, .transient, .storageFull, .permission, .misconfigured, .other:
                    return .failed(error.sinkFailure(at: place, page: Self.page))
                }
            }
        }
    }

    /// Asks again where the sink stands.
    private func reload(_ session: RedshiftSession) -> SinkFailure? {
        guard !settings.isReplay else { return nil }
        do throws(PostgresFailure) {
            try positions.prepare(session)
            stored = try positions.load(session)
            return nil
        } catch {
            return error.sinkFailure(at: place, page: Self.page)
        }
    }

    package func flush() async throws(SinkFailure) {}

    package func close() async { session = nil }
}
