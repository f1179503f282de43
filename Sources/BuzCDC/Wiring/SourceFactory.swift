import LogicalDecoding

/// Makes a source's settings of the configuration's entry.
enum SourceFactory {
    static func settings(_ input: PostgresInputConfiguration, of configuration: Configuration) -> PostgresSourceSettings
    {
        let snapshot: PostgresSourceSettings.SnapshotMode =
            switch input.snapshot {
            case .initial: .initial
            case .never: .never
            case .always: .always
            }
        return PostgresSourceSettings(
            name: input.name, url: input.url, slot: input.slot, publication: input.publication, tables: input.tables,
            snapshot: snapshot, schemaVendor: input.schemaVendor, acceptGap: input.acceptGap,
            connectTimeout: input.connectTimeout,
            statusInterval: input.statusInterval,
            batch: LogicalDecoding.BatchLimits(
                bytes: input.batch.maxBytes, records: input.batch.maxEvents, linger: input.batch.linger),
            stopTimeout: configuration.app.shutdownTimeout)
    }
}
