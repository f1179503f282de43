package import CoreIngest

/// What a `redshift` sink needs to know. Plain values; the configuration is read elsewhere.
package struct RedshiftSinkSettings: Sendable {
    /// What the sink makes of the events.
    package enum Mode: String, Sendable, CaseIterable {
        /// Appends every event to one table.
        case events
        /// Keeps one table per source table that equals it.
        case mirror
    }

    /// The sink's name: the table of its positions is named after it.
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
    /// The schema of the table of positions.
    package var positionsSchema: String
    /// Bound of one attempt to connect, per address.
    package var connectTimeout: Duration
    /// Bound of one statement, on the server and here; waiting for locks counts.
    package var statementTimeout: Duration
    /// Where rows wait for `COPY`; nil: all go by `INSERT`.
    package var staging: RedshiftStaging?
    /// For dead letters that are written again, perhaps beside a running instance: they lie before the stored positions, so
    /// positions are neither asked for nor written, and what is there already is left out.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(
        name: String, url: String, mode: Mode = .events, format: EventFormat = .envelope, schema: String? = nil,
        defaultOutput: String = "events", deadletterOutput: String? = nil, positionsSchema: String = "buz_cdc",
        connectTimeout: Duration = .seconds(10), statementTimeout: Duration = .seconds(300)
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
    }

    /// Redshift knows only these of a session. With two extra digits a `DOUBLE PRECISION` reads back the same.
    var session: PostgresSessionSettings {
        PostgresSessionSettings(
            name: name, url: url, connectTimeout: connectTimeout, statementTimeout: statementTimeout,
            preparation: """
                SET datestyle TO 'ISO, MDY'; SET timezone TO 'UTC'; SET extra_float_digits TO 2; \
                SET statement_timeout TO \(statementTimeout.milliseconds)
                """)
    }
}
