package import CoreIngest

/// Writes events to a DuckDB database file, as rows of one table or as mirrors of their tables. Each write is one transaction that
/// also stores how far it reaches, so every event takes effect once: see docs/sinks/duckdb.md.
///
/// The file is closed at every flush, and stays so for a moment, as no other process can open it meanwhile.
package final class DuckDBSink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: DuckDBSinkSettings
    private let library: DuckDBLibrary
    private let positions: DuckDBPositions
    private let events: DuckDBEventTable
    private let invalidEvents: DuckDBEventTable?
    private var origins: TableOrigins
    private var session: Session?
    private var closed: ContinuousClock.Instant?

    /// What lives as long as the file is open.
    private struct Session {
        var connection: DuckDBConnection
        var catalog: DuckDBMirrorCatalog?
    }

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }
    private var place: String { "duckdb sink \(settings.name)" }

    package init(_ settings: DuckDBSinkSettings, library: DuckDBLibrary, renderer: EventRenderer) {
        self.settings = settings
        self.library = library
        positions = DuckDBPositions(sink: settings.name)
        origins = TableOrigins(settings.state, sink: settings.name)
        events = DuckDBEventTable(
            settings.defaultOutput, format: settings.format, renderer: renderer, isReplay: settings.isReplay)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map {
            DuckDBEventTable($0, format: .envelope, renderer: renderer, isReplay: settings.isReplay)
        }
    }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        closeFile()
        do throws(DuckDBFailure) {
            let session = try openFile()
            defer { closeFile() }
            if settings.isReplay { return [:] }
            try positions.prepare(session.connection)
            return try positions.load(session.connection).mapValues(\.floor)
        } catch {
            throw error.sinkFailure(at: place)
        }
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        if session == nil, let closed {
            // Others have their turn.
            let rest = settings.rest - (ContinuousClock().now - closed)
            if rest > .zero { try? await Task.sleep(for: rest) }
        }
        do throws(DuckDBFailure) {
            var session = try openFile()
            let rejections = try attempt(slices, &session)
            self.session = session
            return rejections.isEmpty ? .delivered : .rejected(rejections)
        } catch {
            closeFile()
            let failure = error.sinkFailure(at: place)
            return error.kind == .data ? .refused(failure) : .failed(failure)
        }
    }

    /// What was written is durable; the file is closed, for others.
    package func flush() async throws(SinkFailure) { closeFile() }

    package func close() async { closeFile() }

    private func openFile() throws(DuckDBFailure) -> Session {
        if let session { return session }
        let connection = try DuckDBConnection(library, settings, patience: settings.lockPatience)
        let session = Session(connection: connection)
        self.session = session
        return session
    }

    private func closeFile() {
        events.forget()
        invalidEvents?.forget()
        guard session != nil else { return }
        session = nil
        closed = ContinuousClock().now
    }

    // MARK: One write

    /// What a write has done so far.
    private struct Progress {
        var rejections: [Rejection] = []
        var positions = WriteProgress()
    }

    /// Everything of one write: one transaction, and one more for each table that is made or altered in between. Answers the events that
    /// were refused while the others were stored.
    private func attempt(_ slices: [BatchSlice], _ session: inout Session) throws(DuckDBFailure) -> [Rejection] {
        let connection = session.connection
        var progress = Progress()
        var writer = DuckDBMirrorWriter(slices, connection)
        try connection.execute("BEGIN TRANSACTION")
        do throws(DuckDBFailure) {
            // Looked up in the transaction: nothing is stored twice, whoever else writes as this sink.
            if !settings.isReplay { progress.positions.stored = try positions.load(connection) }
            for (number, slice) in slices.enumerated() {
                let source = slice.batch.source
                for index in slice.range {
                    let record = slice.batch.records[index]
                    if !progress.positions.holds(record.position, of: source) {
                        try take(
                            EventReference(slice: number, record: index), slices, &writer, &progress, &session)
                    }
                    progress.positions.passed(record.position, of: source)
                }
            }
            try commit(slices, &writer, &progress, connection)
        } catch {
            connection.rollBack()
            throw error
        }
        return progress.rejections
    }

    private func take(
        _ event: EventReference, _ slices: [BatchSlice], _ writer: inout DuckDBMirrorWriter,
        _ progress: inout Progress, _ session: inout Session
    ) throws(DuckDBFailure) {
        let record = event.record(in: slices)
        if record.isInvalid, let invalidEvents {
            try make(invalidEvents, slices, &writer, &progress, session.connection)
            invalidEvents.pending.append(event)
        } else if settings.mode == .mirror, record.goesToMirror {
            let batch = event.batch(in: slices)
            let stream = batch.stream(of: record)
            if session.catalog == nil { session.catalog = try DuckDBMirrorCatalog(session.connection) }
            if let table = session.catalog?.known(stream) { return try writer.take(event, table) }
            let connection = session.connection
            let found = try session.catalog?.table(
                for: stream, source: batch.source, &origins, connection,
                settle: { () throws(DuckDBFailure) in try commit(slices, &writer, &progress, connection) },
                resume: { () throws(DuckDBFailure) in try connection.execute("BEGIN TRANSACTION") })
            switch found {
            case .success(let table)?: try writer.take(event, table)
            case .failure(let refusal)?:
                // The rows between the marks are refused one by one.
                if !record.operation.isControl { writer.refuse(event, refusal.description) }
            case nil: break
            }
        } else if !record.operation.isControl {
            try make(events, slices, &writer, &progress, session.connection)
            events.pending.append(event)
        }
    }

    private func make(
        _ table: DuckDBEventTable, _ slices: [BatchSlice], _ writer: inout DuckDBMirrorWriter,
        _ progress: inout Progress, _ connection: DuckDBConnection
    ) throws(DuckDBFailure) {
        if table.isMade { return }
        try commit(slices, &writer, &progress, connection)
        try table.make(connection)
        try connection.execute("BEGIN TRANSACTION")
    }

    private func store(
        _ slices: [BatchSlice], _ writer: inout DuckDBMirrorWriter, _ connection: DuckDBConnection
    ) throws(DuckDBFailure) {
        try writer.store()
        try events.store(slices, connection)
        try invalidEvents?.store(slices, connection)
    }

    /// Stores what is pending, and how far that reaches, and ends the transaction.
    private func commit(
        _ slices: [BatchSlice], _ writer: inout DuckDBMirrorWriter, _ progress: inout Progress,
        _ connection: DuckDBConnection
    ) throws(DuckDBFailure) {
        try store(slices, &writer, connection)
        for (event, reason) in writer.takeRefusals() {
            progress.rejections.append(
                Rejection(
                    slice: Int(event.slice), record: Int(event.record),
                    failure: SinkFailure(.schemaMismatch, "\(place): \(reason)")))
            progress.positions.refuse(event.record(in: slices).position, of: event.batch(in: slices).source)
        }
        if !settings.isReplay {
            for (source, resumption) in progress.positions.resumptions {
                try positions.store(source, resumption, in: connection)
            }
        }
        try connection.execute("COMMIT")
    }
}
