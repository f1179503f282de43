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
            return WriteOutcome(refusals: refusals.mapValues { $0.sinkFailure(at: settings.place) })
        } catch {
            let failure = error.sinkFailure(at: settings.place)
            // It may be known soon; but where somebody has dropped it, it has to be made anew.
            if error.kind == .schemaLag || error.kind == .notFound { catalog.forget() }
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
