import CoreIngest

/// One entry of `inputs.postgres`: a database whose changes are read.
struct PostgresInputConfiguration: Sendable {
    /// `[A-Za-z0-9_-]`, unique among the inputs.
    var name: String
    /// A `postgres://` URL or libpq's `key=value` string. Holds a password: never log it.
    var url: String
    /// `[a-z0-9_]{1,63}`; created when missing.
    var slot: String
    /// Created when missing, for ``tables``.
    var publication: String
    /// Patterns `schema.table` with `*`, left out with a leading `!`; at least one.
    var tables: [String]
    var snapshot: SnapshotMode
    /// Start although changes may have been lost.
    var acceptGap: Bool
    /// Vendor of the derived schemas' names; passes `SchemaName`'s grammar.
    var schemaVendor: String
    /// What happens to rows of a table whose schema changed.
    var schemaChanges: SchemaPolicy
    /// How often the position is told to the server.
    var statusInterval: Duration
    var connectTimeout: Duration
    /// Bounds of one batch of events handed to the pipeline.
    var batch: BatchBounds

    enum SnapshotMode: String, Sendable, CaseIterable { case initial, never, always }
}

/// When a batch is full: by whichever bound is reached first.
struct BatchBounds: Sendable, Equatable {
    var maxEvents: Int
    var maxBytes: Int
    /// How long a batch that is not full waits for more; zero: not at all.
    var linger: Duration
}
