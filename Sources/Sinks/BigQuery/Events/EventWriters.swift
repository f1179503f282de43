import CoreIngest

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
