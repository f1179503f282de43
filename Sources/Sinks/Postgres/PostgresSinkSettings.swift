package import CoreIngest

/// What a `postgres` sink needs to know. Plain values; the configuration is read elsewhere.
package struct PostgresSinkSettings: Sendable {
    /// What the sink makes of the events.
    package enum Mode: String, Sendable, CaseIterable {
        /// Appends every event to one table.
        case events
        /// Keeps one table per source table that equals it.
        case mirror
    }

    /// The sink's name: part of the positions' key and of the writer's lock.
    package var name: String
    /// A libpq connection string or URI. May hold a password: never put into messages.
    package var url: String
    package var mode: Mode
    /// What the `envelope` column of event tables holds.
    package var format: EventFormat
    /// Mirror: the target schema, else the source's. Events: where the tables are, else `public`.
    package var schema: String?
    /// The table of events; in `mirror` only for events that have no table (collected ones and logical messages).
    package var defaultOutput: String
    /// The table of events that failed validation. Nil: the sink does not take them.
    package var deadletterOutput: String?
    /// The schema of the table `positions`.
    package var positionsSchema: String
    /// Bound of one attempt to connect, per address.
    package var connectTimeout: Duration
    /// Bound of one statement, on the server and here.
    package var statementTimeout: Duration
    /// Bound of waiting for somebody else's lock.
    package var lockTimeout: Duration
    /// Bound of statements that may rewrite a table: a column's wider type, a missing unique index.
    package var schemaChangeTimeout: Duration
    /// For dead letters that are written again, perhaps beside a running instance: they lie before the stored positions, so
    /// positions are neither asked for nor written, no event is left out, and the writer's lock is not taken.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(
        name: String, url: String, mode: Mode = .events, format: EventFormat = .envelope, schema: String? = nil,
        defaultOutput: String = "events", deadletterOutput: String? = nil, positionsSchema: String = "buz_cdc",
        connectTimeout: Duration = .seconds(10), statementTimeout: Duration = .seconds(60),
        lockTimeout: Duration = .seconds(10), schemaChangeTimeout: Duration = .seconds(1800)
    ) {
        self.name = name
        self.url = url
        self.mode = mode
        self.format = format
        self.schema = schema
        self.defaultOutput = defaultOutput
        self.deadletterOutput = deadletterOutput
        self.positionsSchema = positionsSchema
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.schemaChangeTimeout = schemaChangeTimeout
    }

    /// The longest name that Postgres keeps whole, in bytes.
    static let longestName = 63

    /// What makes these settings unusable, whatever the server says; nil when nothing does.
    var mistake: String? {
        let names = [
            ("schema", schema), ("defaultOutput", defaultOutput), ("deadletterOutput", deadletterOutput),
            ("positionsSchema", positionsSchema),
        ]
        for (key, value) in names {
            guard let value else { continue }
            if value.isEmpty { return "\(key) is empty: give it a name" }
            if value.utf8.count > Self.longestName {
                return "\(key) is \(value.utf8.count) bytes long: Postgres keeps \(Self.longestName), so shorten it"
            }
            if value.utf8.contains(0) { return "\(key) contains a zero byte: remove it" }
        }
        if deadletterOutput == defaultOutput {
            return "deadletterOutput names the same table as defaultOutput: choose two"
        }
        return nil
    }
}

extension Duration {
    /// Whole milliseconds, at least one.
    var milliseconds: Int {
        let parts = components
        return max(1, Int(parts.seconds) * 1000 + Int(parts.attoseconds / 1_000_000_000_000_000))
    }
}
