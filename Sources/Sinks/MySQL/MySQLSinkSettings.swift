package import CoreIngest

/// What a `mysql` sink needs to know. Plain values; the configuration is read elsewhere.
package struct MySQLSinkSettings: Sendable {
    /// What the sink makes of the events.
    package enum Mode: String, Sendable, CaseIterable {
        /// Appends every event to one table.
        case events
        /// Keeps one table per source table that equals it.
        case mirror
    }

    /// The sink's name: part of the positions' key.
    package var name: String
    /// `mysql://user:password@host:port/database`. May hold a password: never put into messages.
    package var url: String
    package var tls: MySQLTLS
    /// Certificates that a verified server's is to be signed by; nil: those that the system trusts.
    package var caFile: String?
    package var mode: Mode
    /// What the `envelope` column of event tables holds.
    package var format: EventFormat
    /// The table of events; in `mirror` only for events that have no table (collected ones and logical messages).
    package var defaultOutput: String
    /// The table of events that failed validation. Nil: the sink does not take them.
    package var deadletterOutput: String?
    package var connectTimeout: Duration
    /// Bound of one statement.
    package var statementTimeout: Duration
    /// Bound of waiting for somebody else's lock.
    package var lockTimeout: Duration
    /// Bound of statements that define a table, which may rewrite it.
    package var schemaChangeTimeout: Duration
    /// For dead letters that are written again, perhaps beside a running instance: they lie before the stored positions, so
    /// positions are neither asked for nor written, and no event is left out.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(
        name: String, url: String, tls: MySQLTLS = .preferred, caFile: String? = nil, mode: Mode = .events,
        format: EventFormat = .envelope, defaultOutput: String = "events", deadletterOutput: String? = nil,
        connectTimeout: Duration = .seconds(10), statementTimeout: Duration = .seconds(60),
        lockTimeout: Duration = .seconds(10), schemaChangeTimeout: Duration = .seconds(1800)
    ) {
        self.name = name
        self.url = url
        self.tls = tls
        self.caFile = caFile
        self.mode = mode
        self.format = format
        self.defaultOutput = defaultOutput
        self.deadletterOutput = deadletterOutput
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.schemaChangeTimeout = schemaChangeTimeout
    }
}

/// Whether the way to the server is encrypted.
package enum MySQLTLS: String, Sendable, CaseIterable {
    case off
    /// Where the server can. Whoever sits between can prevent it.
    case preferred
    /// Always; whose certificate it is, is not asked.
    case required
    /// Always, and the certificate must be trusted and of the server's name.
    case verify
}
