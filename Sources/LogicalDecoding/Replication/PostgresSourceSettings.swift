/// What one Postgres input reads, and how. Knows nothing of configuration files.
package struct PostgresSourceSettings: Sendable {
    /// The input's name in the configuration.
    package var name: String
    /// `postgres://…` or libpq's `keyword=value` form. Holds secrets: it appears in no message.
    package var url: String
    package var slot: String
    package var publication: String
    /// `schema.table` with `*` for any run of characters, `!` before what is left out, e.g. `["public.*", "!public.audit_*"]`.
    package var tables: [String]
    package var snapshot: SnapshotMode
    /// Vendor part of the names of derived schemas.
    package var schemaVendor: String
    /// Go on although changes may have been lost: the slot has been advanced by others, or is another one.
    package var acceptGap: Bool
    /// For each host of the connection string, unless that says otherwise itself.
    package var connectTimeout: Duration
    /// Longest time between two reports of progress to the server.
    package var statusInterval: Duration
    package var batch: BatchLimits
    /// Let data gather while there is a backlog. See ``GatherPacing``.
    package var gathers: Bool
    /// How long a graceful stop waits for what was handed over to be settled.
    package var stopTimeout: Duration
    /// How long creating the slot may wait for transactions of others.
    package var slotCreationTimeout: Duration

    package enum SnapshotMode: String, Sendable, CaseIterable {
        /// Once, before the first change.
        case initial
        /// Only changes.
        case never
        /// At every start, with a new slot.
        case always
    }

    package init(
        name: String, url: String, slot: String, publication: String, tables: [String] = ["public.*"],
        snapshot: SnapshotMode = .initial, schemaVendor: String = "com.example", acceptGap: Bool = false,
        connectTimeout: Duration = .seconds(10), statusInterval: Duration = .seconds(1),
        batch: BatchLimits = BatchLimits(), gathers: Bool = true, stopTimeout: Duration = .seconds(10),
        slotCreationTimeout: Duration = .seconds(60)
    ) {
        self.name = name
        self.url = url
        self.slot = slot
        self.publication = publication
        self.tables = tables
        self.snapshot = snapshot
        self.schemaVendor = schemaVendor
        self.acceptGap = acceptGap
        self.connectTimeout = connectTimeout
        self.statusInterval = statusInterval
        self.batch = batch
        self.gathers = gathers
        self.stopTimeout = stopTimeout
        self.slotCreationTimeout = slotCreationTimeout
    }
}

extension PostgresSourceSettings {
    /// How connections of this input are made.
    func connection(_ role: ConnectionOptions.Role) throws(SourceError) -> ConnectionOptions {
        try ConnectionOptions(
            url: url, role: role, applicationName: "buz-cdc \(name)",
            connectTimeout: max(2, Int(connectTimeout.components.seconds)))
    }
}

/// When a batch is full, or old enough, to be handed over.
package struct BatchLimits: Sendable, Equatable {
    /// Bytes of JSON. While a batch is validated nothing is read: a small one lets the reader come back before the buffer of a Unix
    /// socket (about 64 KiB of small messages) is full and the server has to wait.
    package var bytes: Int
    package var records: Int
    /// How long changes of a transaction that is still arriving may wait.
    package var linger: Duration

    package init(bytes: Int = 128 << 10, records: Int = 8192, linger: Duration = .milliseconds(20)) {
        self.bytes = bytes
        self.records = records
        self.linger = linger
    }
}
