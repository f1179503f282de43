package import CoreIngest
import HTTPClient

/// Writes events to a BigQuery dataset, as rows of one table or as mirrors of their tables: see docs/sinks/bigquery.md.
package final class BigQuerySink: Sink, @unchecked Sendable {
    // Safe to share: the lane never overlaps the calls of `Sink`, and nothing else touches the mutable fields.
    private let settings: BigQuerySinkSettings
    private let api: BigQueryAPI
    private let storage: StorageWriteClient
    private let events: any BigQueryEventWriter
    private let invalidEvents: (any BigQueryEventWriter)?
    private let catalog: BigQueryMirrorCatalog
    private let epochs: SourceEpochs
    private let appender: StorageAppender

    package var name: String { settings.name }
    package var takesInvalidEvents: Bool { settings.deadletterOutput != nil }

    package init(_ settings: BigQuerySinkSettings, renderer: EventRenderer) {
        self.settings = settings
        let access = settings.access
        api = BigQueryAPI(settings, access)
        storage = StorageWriteClient(settings, access)
        catalog = BigQueryMirrorCatalog(api, settings)
        appender = StorageAppender(client: storage)
        epochs = SourceEpochs(api, settings, appender)
        let writers = EventWriters(settings: settings, api: api, storage: storage, renderer: renderer)
        events = writers.writer(settings.defaultOutput, settings.format)
        // Always envelopes: they say why the event is invalid.
        invalidEvents = settings.deadletterOutput.map { writers.writer($0, .envelope) }
    }

    package func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        do throws(BigQueryFailure) {
            try api.checkDataset()
            catalog.forget()
            epochs.forget()
            var durable = try events.open()
            // An event is in one of both: sure is what lies before the ends of both.
            if let invalid = try invalidEvents?.open() {
                durable = durable.reduce(into: [:]) { found, entry in
                    if let other = invalid[entry.key] { found[entry.key] = min(entry.value, other) }
                }
            }
            return settings.mode == .mirror ? [:] : durable
        } catch {
            var failure = error.sinkFailure(at: settings.place)
            failure.reopen = true
            throw failure
        }
    }

    package func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        do throws(BigQueryFailure) {
            let refusals = try attempt(slices)
            return outcome(refusals)
        } catch {
            let failure = error.sinkFailure(at: settings.place)
            switch error.kind {
            // Something in the rows, and which is unknown.
            case .invalid, .tooLarge: return .refused(failure)
            case .unavailable, .throttled, .unauthenticated, .forbidden, .notFound, .schemaLag, .exists, .offset,
                .streamEnded, .misconfigured, .cancelled, .other:
                return .failed(failure)
            }
        }
    }

    /// Answers the events that were refused while the others were taken.
    private func attempt(_ slices: [BatchSlice]) throws(BigQueryFailure) -> [EventReference: BigQueryFailure] {
        var plain: [EventReference] = []
        var invalid: [EventReference] = []
        let mirror = BigQueryMirrorWriter(
            slices, catalog, epochs, appender,
            MirrorEmptying(api: api, appender: appender, settings: settings), settings)
        for (number, slice) in slices.enumerated() {
            for index in slice.range {
                let record = slice.batch.records[index]
                let event = EventReference(slice: number, record: index)
                // Without a table for them, only a replay brings them: then they are wanted as they are.
                if record.isInvalid, invalidEvents != nil {
                    invalid.append(event)
                } else if settings.mode == .mirror, record.operation != .none, record.operation != .message {
                    if record.operation != .schemaChange { try mirror.take(event) }
                } else if !record.operation.isControl {
                    plain.append(event)
                }
            }
        }
        try mirror.carryOut()
        var refusals = mirror.refusals
        if !plain.isEmpty { refusals.merge(try events.write(plain, of: slices)) { first, _ in first } }
        if !invalid.isEmpty, let invalidEvents {
            refusals.merge(try invalidEvents.write(invalid, of: slices)) { first, _ in first }
        }
        return refusals
    }

    package func flush() async throws(SinkFailure) {
        do throws(BigQueryFailure) {
            try events.flush()
            try invalidEvents?.flush()
        } catch { throw error.sinkFailure(at: settings.place) }
    }

    package func close() async {
        api.close()
        storage.close()
    }

    private func outcome(_ refusals: [EventReference: BigQueryFailure]) -> WriteOutcome {
        if refusals.isEmpty { return .delivered }
        let rejections = refusals.map { event, failure in
            Rejection(
                slice: Int(event.slice), record: Int(event.record), failure: failure.sinkFailure(at: settings.place))
        }
        return .rejected(rejections.sorted { ($0.slice, $0.record) < ($1.slice, $1.record) })
    }
}

/// Makes the writers of events that the settings name.
struct EventWriters {
    let settings: BigQuerySinkSettings
    let api: BigQueryAPI
    let storage: StorageWriteClient
    let renderer: EventRenderer

    func writer(_ name: String, _ format: EventFormat) -> any BigQueryEventWriter {
        let table = BigQueryEventTable(name, api, settings)
        let rendered = RenderedEvents(format: format, renderer: renderer)
        switch settings.write {
        case .committed where !settings.isReplay: return committed(table, rendered)
        // Dead letters go beside the streams of the running instance.
        case .storage, .committed: return StorageEventWriter(table, path: settings.path(of: name), rendered, storage)
        case .insertAll: return InsertAllWriter(table, api, rendered)
        case .load: return LoadWriter(table, api, rendered, pause: settings.pause)
        }
    }

    private func committed(_ table: BigQueryEventTable, _ rendered: RenderedEvents) -> CommittedEventWriter {
        let path = settings.path(of: table.name)
        let place = settings.quoted(table.name)
        let api = api
        return CommittedEventWriter(
            table, path: path, rendered, storage, AppendJournal(settings.state, sink: settings.name, table: path),
            now: settings.now
        ) { row throws(BigQueryFailure) in
            var found = false
            do throws(BigQueryFailure) {
                // One partition is read, as the time is known.
                try api.query(
                    """
                    SELECT COUNT(*) FROM \(place) WHERE received_at = TIMESTAMP_MICROS(\(row.receivedAt))
                      AND source = @source AND position = @position
                    """, [("source", row.source.description), ("position", PositionText.text(row.position))],
                    failure: { $0 }
                ) { cells throws(BigQueryFailure) in found = cells.first != "0" }
            } catch {
                // A table that is gone has no rows.
                if error.kind != .notFound { throw error }
            }
            return found
        }
    }
}

extension BigQuerySinkSettings {
    /// A table's name for the Storage Write API.
    func path(of table: String) -> String { "projects/\(project)/datasets/\(dataset)/tables/\(table)" }
}

extension BigQueryAPI {
    /// Says in one line what is wrong with project, dataset or role.
    func checkDataset() throws(BigQueryFailure) {
        do throws(BigQueryFailure) {
            _ = try call(.get, datasetPath)
        } catch {
            guard error.kind == .notFound else { throw error }
            throw BigQueryFailure(
                .misconfigured,
                "there is no dataset \(dataset) in the project \(project): make it with: bq mk --dataset \(project):\(dataset)"
            )
        }
    }
}
