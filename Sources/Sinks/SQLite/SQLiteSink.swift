package import CoreIngest
import Synchronization

/// Writes events to a SQLite database file, as rows of one table or as mirrors of their tables. Each write is one transaction that
/// also stores how far it reaches, so every event takes effect once: see docs/sinks/sqlite.md.
package final class SQLiteSink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: SQLiteSinkSettings
    private let renderer: EventRenderer
    private let positions: SQLitePositions
    private var session: Session?

    /// What lives as long as the file is open.
    private struct Session {
        var database: SQLiteDatabase
        var catalog: SQLiteMirrorCatalog
        var events: SQLiteEventTable?
        var invalidEvents: SQLiteEventTable?
    }

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }
    private var mirrors: Bool { settings.mode == .mirror }
    private var place: String { "sqlite sink \(settings.name)" }

    package init(_ settings: SQLiteSinkSettings, renderer: EventRenderer) {
        self.settings = settings
        self.renderer = renderer
        positions = SQLitePositions(sink: settings.name)
    }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        session = nil
        do throws(StateError) {
            let database = try SQLiteDatabase(path: settings.path)
            var resumed: [SourceIdentity: ResumedSource] = [:]
            if !settings.isReplay {
                try positions.prepare(database)
                resumed = try positions.load(database)
            }
            session = Session(
                database: database,
                catalog: SQLiteMirrorCatalog(database, TableOrigins(settings.state, sink: settings.name)))
            return resumed.mapValues(\.floor)
        } catch {
            throw failure(error, reopen: true)
        }
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        guard var session else { return .failed(SinkFailure(.unavailable, "\(place): it is not open", reopen: true)) }
        do throws(StateError) {
            let rejections = try session.database.transaction { () throws(StateError) in
                try attempt(slices, &session)
            }
            self.session = session
            return rejections.isEmpty ? .delivered : .rejected(rejections)
        } catch {
            session.catalog.forget()
            session.events = nil
            session.invalidEvents = nil
            self.session = session
            return .failed(failure(error, reopen: error.code == .corrupt))
        }
    }

    package func flush() async throws(SinkFailure) {}

    package func close() async { session = nil }

    /// Everything of one transaction. Answers the events that were refused while the others were stored.
    private func attempt(_ slices: [BatchSlice], _ session: inout Session) throws(StateError) -> [Rejection] {
        var rejections: [Rejection] = []
        var progress = WriteProgress()
        // Looked up in the transaction: nothing is stored twice, whoever else writes as this sink.
        if !settings.isReplay { progress.stored = try positions.load(session.database) }
        for (number, slice) in slices.enumerated() {
            let source = slice.batch.source
            let rendering = try self.rendering(slice, &session)
            for index in slice.range {
                let record = slice.batch.records[index]
                progress.passed(record.position, of: source)
                if progress.holds(record.position, of: source) { continue }
                do throws(StateError) {
                    let event = EventReference(slice: number, record: index)
                    try take(event, record, slices, rendering, session)
                } catch {
                    guard error.code == .refused else { throw error }
                    // The rows between the marks are refused one by one.
                    if record.operation.isControl { continue }
                    let code: SinkFailure.Code = error.message.contains("too big") ? .tooLarge : .schemaMismatch
                    rejections.append(
                        Rejection(
                            slice: number, record: index, failure: SinkFailure(code, "\(place): \(error.message)")))
                    progress.refuse(record.position, of: source)
                }
            }
        }
        if settings.isReplay { return rejections }
        for (source, resumption) in progress.resumptions {
            try positions.store(source, resumption, in: session.database)
        }
        return rejections
    }

    /// The lines of a slice's batch, for the tables of events that get any of them.
    private func rendering(_ slice: BatchSlice, _ session: inout Session) throws(StateError) -> (
        plain: RenderedBatch?, invalid: RenderedBatch?
    ) {
        var needsPlain = false
        var needsInvalid = false
        for index in slice.range {
            let record = slice.batch.records[index]
            if record.isInvalid, takesInvalidEvents {
                needsInvalid = true
            } else if !(mirrors && record.goesToMirror), !record.operation.isControl {
                needsPlain = true
            }
        }
        if needsPlain, session.events == nil {
            session.events = try SQLiteEventTable(
                settings.defaultOutput, in: session.database, format: settings.format, renderer: renderer)
        }
        if needsInvalid, session.invalidEvents == nil, let name = settings.deadletterOutput {
            // Always envelopes: they say why the event is invalid.
            session.invalidEvents = try SQLiteEventTable(
                name, in: session.database, format: .envelope, renderer: renderer)
        }
        return (
            needsPlain ? session.events?.rendering(of: slice.batch) : nil,
            needsInvalid ? session.invalidEvents?.rendering(of: slice.batch) : nil
        )
    }

    private func take(
        _ event: EventReference, _ record: EventRecord, _ slices: [BatchSlice],
        _ rendering: (plain: RenderedBatch?, invalid: RenderedBatch?), _ session: Session
    ) throws(StateError) {
        let batch = event.batch(in: slices)
        if record.isInvalid, let invalid = rendering.invalid {
            try session.invalidEvents?.append(event, of: slices, invalid)
        } else if mirrors && record.goesToMirror {
            let table = try session.catalog.table(for: batch.stream(of: record), source: batch.source)
            switch record.operation {
            case .snapshotBegin: try table.empty()
            case .truncate where !table.shape.key.isEmpty: try table.empty()
            // The shape comes with the rows.
            case .snapshotEnd, .none, .message, .schemaChange: break
            case .create, .update, .delete, .read, .truncate: _ = try table.apply(record, of: batch)
            }
        } else if !record.operation.isControl, let plain = rendering.plain {
            try session.events?.append(event, of: slices, plain)
        }
    }

    private func failure(_ error: StateError, reopen: Bool) -> SinkFailure {
        let code: SinkFailure.Code =
            switch error.code {
            case .diskFull: .storageFull
            case .locked: .unavailable
            case .corrupt, .misconfigured: .misconfigured
            case .forbidden: .unauthorized
            case .refused: .schemaMismatch
            case .failed: .other
            }
        return SinkFailure(code, "\(place): \(error.message)", reopen: reopen)
    }
}
