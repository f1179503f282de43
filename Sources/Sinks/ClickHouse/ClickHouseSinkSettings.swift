package import CoreIngest

/// What a `clickhouse` sink needs to know. Plain values; ``password`` is secret.
package struct ClickHouseSinkSettings: Sendable {
    /// What the sink makes of the events.
    package enum Mode: String, Sendable, CaseIterable {
        /// Appends every event to one table.
        case events
        /// Keeps one table per source table that equals it.
        case mirror
    }

    package var name: String
    /// `http` or `https`, of the HTTP interface, without user and query.
    package var url: String
    package var user: String
    package var password: String?
    /// Must be there.
    package var database: String
    package var mode: Mode
    /// What the column `envelope` of event tables holds.
    package var format: EventFormat
    package var defaultOutput: String
    /// The table of invalid events; nil leaves them to the lane's dead letters.
    package var deadletterOutput: String?
    /// Whether requests are compressed with zstd.
    package var isCompressed = true
    package var connectTimeout = Duration.seconds(10)
    /// Of one request.
    package var timeout = Duration.seconds(60)
    /// The sink writes dead letters again, perhaps beside the running instance: what was stored before is not looked at.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(
        name: String, url: String, user: String = "default", password: String? = nil, database: String = "default",
        mode: Mode = .events, format: EventFormat = .envelope, defaultOutput: String = "events",
        deadletterOutput: String? = nil
    ) {
        self.name = name
        self.url = url
        self.user = user
        self.password = password
        self.database = database
        self.mode = mode
        self.format = format
        self.defaultOutput = defaultOutput
        self.deadletterOutput = deadletterOutput
    }
}
