import ArgumentParser

struct SchemasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas",
        abstract: "Work with JSON Schemas: check lines of JSON against one.",
        subcommands: [SchemasValidate.self])
}
