package import CoreIngest

/// What a `duckdb` sink needs to know. Plain values; nothing in it is secret.
package struct DuckDBSinkSettings: Sendable {
    /// What the sink makes of the events.
    package enum Mode: String, Sendable, CaseIterable {
        /// Appends every event to one table.
        case events
        /// Keeps one table per source table that equals it.
        case mirror
    }

    /// The sink's name: part of the positions' key.
    package var name: String
    /// The database file; made when missing, its folder is not.
    package var path: String
    package var mode: Mode
    /// What the `envelope` column of event tables holds.
    package var format: EventFormat = .envelope
    /// The table of events; in a mirror only of those that belong to no table.
    package var defaultOutput = "events"
    /// The table of invalid events; nil leaves them to the lane's dead letters.
    package var deadletterOutput: String?
    /// In bytes: what DuckDB may use for data while the file is open.
    package var memoryLimit = 256 << 20
    /// How long one statement may take.
    package var timeout: Duration = .seconds(60)
    /// How long another process is waited for that has the file.
    package var lockPatience: Duration = .seconds(5)
    /// How long the file stays closed after a flush, so that others can open it.
    package var rest: Duration = .milliseconds(100)
    /// The sink writes dead letters again, perhaps beside the running instance: positions are neither read nor written.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(name: String, path: String, mode: Mode = .events) {
        self.name = name
        self.path = path
        self.mode = mode
    }
}
