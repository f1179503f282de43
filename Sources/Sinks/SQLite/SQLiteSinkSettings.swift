package import CoreIngest

/// What a `sqlite` sink needs to know. Plain values; nothing in it is secret.
package struct SQLiteSinkSettings: Sendable {
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
    package var format: EventFormat
    /// The table of events; in a mirror only of those that belong to no table.
    package var defaultOutput: String
    /// The table of invalid events; nil leaves them to the lane's dead letters.
    package var deadletterOutput: String?
    /// The sink writes dead letters again, perhaps beside the running instance: positions are neither read nor written.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(
        name: String, path: String, mode: Mode = .events, format: EventFormat = .envelope,
        defaultOutput: String = "events", deadletterOutput: String? = nil
    ) {
        self.name = name
        self.path = path
        self.mode = mode
        self.format = format
        self.defaultOutput = defaultOutput
        self.deadletterOutput = deadletterOutput
    }
}
