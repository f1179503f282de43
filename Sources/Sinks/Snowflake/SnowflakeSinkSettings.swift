package import CoreIngest

/// How a ``SnowflakeSink`` writes.
package struct SnowflakeSinkSettings: Sendable {
    package var name: String
    package var account: SnowflakeAccount.Settings
    package var session: StatementSettings
    /// Of the events in ``defaultOutput``.
    package var format: EventFormat = .envelope
    /// Table of the events. In upper case, as Snowflake stores unquoted names.
    package var defaultOutput = "EVENTS"
    /// Table of invalid events; nil: the sink does not take them.
    package var deadletterOutput: String?
    /// How long rows may take from being sent to being in the table.
    package var commitTimeout: Duration = .seconds(120)
    /// For dead letters that are written again, perhaps beside a running instance: positions are left alone.
    package var isReplay = false

    package init(name: String, account: SnowflakeAccount.Settings, session: StatementSettings) {
        self.name = name
        self.account = account
        self.session = session
    }
}
