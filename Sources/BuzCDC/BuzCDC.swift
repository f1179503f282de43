import ArgumentParser

/// The root command. What it starts and how it ends is in ``EntryPoint``.
struct BuzCDC: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "buz-cdc",
        abstract: "Streams the changes of a Postgres database, validated, to several destinations at once.",
        discussion: """
            Start with 'buz-cdc demo' to see it work, or with 'buz-cdc config example > buz-cdc.yaml'. Exit status: 0 on \
            success, 1 when something failed at run time, 2 for bad usage or a bad configuration.
            """,
        version: Version.current,
        subcommands: [
            RunCommand.self, CheckCommand.self, ConfigCommand.self, StatusCommand.self,
            DeadLettersCommand.self, SchemasCommand.self, VerifyCommand.self, DemoCommand.self, VersionCommand.self,
        ])
}
