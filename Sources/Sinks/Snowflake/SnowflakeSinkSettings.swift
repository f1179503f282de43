package import CoreIngest

/// How a ``SnowflakeSink`` writes.
package struct SnowflakeSinkSettings: Sendable {
    package enum Mode: String, Sendable { case events, mirror }

    package var name: String
    package var account: SnowflakeAccount.Settings
    package var session: StatementSettings
    package var mode: Mode
    /// Of the events in ``defaultOutput``.
    package var format: EventFormat = .envelope
    /// Table of the events; in a mirror, of those that belong to no table. In upper case, as Snowflake stores unquoted names.
    package var defaultOutput = "EVENTS"
    /// Table of invalid events; nil: the sink does not take them.
    package var deadletterOutput: String?
    /// How long rows may take from being sent to being in the table.
    package var commitTimeout: Duration = .seconds(120)
    package var merge = SnowflakeMergeBounds()
    /// For dead letters that are written again, perhaps beside a running instance: positions are left alone.
    package var isReplay = false
    /// Where it is kept which source table each mirror is of; nil where the sink is only looked at.
    package var state: StateStore?

    package init(name: String, account: SnowflakeAccount.Settings, session: StatementSettings, mode: Mode) {
        self.name = name
        self.account = account
        self.session = session
        self.mode = mode
    }
}

/// When staged changes are merged into mirrors: the warehouse runs then, and costs.
package struct SnowflakeMergeBounds: Sendable {
    /// Least time between two merges, unless ``maxBytes`` wait.
    package var interval: Duration = .seconds(60)
    /// Bytes of staged rows after which a merge does not wait for ``interval``.
    package var maxBytes = 256 << 20

    package init() {}
}
