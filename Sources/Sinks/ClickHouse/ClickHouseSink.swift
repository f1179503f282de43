package import CoreIngest

/// Writes events to a ClickHouse server, as rows of one table or as mirrors of their tables: see docs/sinks/clickhouse.md.
package final class ClickHouseSink: HistoryFollowingSink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: ClickHouseSinkSettings
    private var session: ClickHouseSession?
    private var catalog: ClickHouseMirrorCatalog
    private var epochs: ClickHouseEpochs
    private let events: ClickHouseEventTable
    private let invalidEvents: ClickHouseEventTable?

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }
    private var place: String { "clickhouse sink \(settings.name)" }

    package init(_ settings: ClickHouseSinkSettings, renderer: EventRenderer) {
        self.settings = settings
        catalog = ClickHouseMirrorCatalog(settings)
        epochs = ClickHouseEpochs(database: settings.database, sink: settings.name)
        func table(_ name: String, _ format: EventFormat) -> ClickHouseEventTable {
            ClickHouseEventTable(
                ClickHouseTable(settings.database, name), format: format, renderer: renderer,
                isReplay: settings.isReplay)
        }
        events = table(settings.defaultOutput, settings.format)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map { table($0, .envelope) }
    }

    /// Answers nothing: a mirror may take the same changes again, and tables of events leave out by themselves what they have.
    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        session?.close()
        forget()
        do throws(ClickHouseFailure) {
            let session = ClickHouseSession(settings)
            let found = try session.texts(
                "SELECT CAST(name, 'Nullable(String)') FROM system.databases WHERE name = \(clickHouseLiteral(settings.database))",
                columns: 1)
            if found.isEmpty {
                throw ClickHouseFailure(
                    .misconfigured,
                    "there is no database \(settings.database), or \(settings.user) may not see it: CREATE DATABASE, or grant it"
                )
            }
            self.session = session
            return [:]
        } catch {
            var failure = error.sinkFailure(at: place)
            failure.reopen = true
            throw failure
        }
    }

    package func follow(_ source: SourceIdentity, _ predecessor: Predecessor) {
        epochs.follow(source, predecessor)
        events.follow(source, predecessor)
        invalidEvents?.follow(source, predecessor)
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        guard let session else { return .failed(SinkFailure(.unavailable, "\(place): it is not open", reopen: true)) }
        var looksAgain = true
        while true {
            do throws(ClickHouseFailure) {
                let refusals = try attempt(slices, session)
                return WriteOutcome(
                    refusals: refusals.mapValues { SinkFailure(.schemaMismatch, "\(place): \($0)") })
            } catch {
                catalog.forget()
                epochs.forget()
                // What was stored of an insert whose answer was lost is asked for, so that it is not stored twice.
                events.forget()
                invalidEvents?.forget()
                switch error.kind {
                case .catalogChanged where looksAgain: looksAgain = false
                case .data, .tooLarge: return .refused(error.sinkFailure(at: place))
                case .catalogChanged, .unavailable, .throttled, .unauthorized, .storageFull, .misconfigured, .other:
                    return .failed(error.sinkFailure(at: place))
                }
            }
        }
    }

    package func flush() async throws(SinkFailure) {}

    package func close() async {
        session?.close()
        session = nil
    }

    private func forget() {
        catalog.forget()
        epochs.forget()
        events.forget()
        invalidEvents?.forget()
    }

    private func attempt(
        _ slices: [BatchSlice], _ session: ClickHouseSession
    ) throws(ClickHouseFailure) -> [EventReference: String] {
        var plain: [EventReference] = []
        var invalid: [EventReference] = []
        var mirror = ClickHouseMirrorWriter(slices, session)
        do throws(ClickHouseFailure) {
            for (number, slice) in slices.enumerated() {
                for index in slice.range {
                    let record = slice.batch.records[index]
                    let event = EventReference(slice: number, record: index)
                    if record.isInvalid, invalidEvents != nil {
                        invalid.append(event)
                    } else if settings.mode == .mirror, record.operation != .none, record.operation != .message {
                        if record.operation != .schemaChange { try mirror.take(event, &catalog, &epochs) }
                    } else if !record.operation.isControl {
                        plain.append(event)
                    }
                }
            }
            try mirror.finish()
        } catch {
            mirror.abandon()
            throw error
        }
        try events.append(plain, of: slices, session)
        try invalidEvents?.append(invalid, of: slices, session)
        return mirror.refusals
    }
}
