import ArgumentParser

struct SchemasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas",
        abstract: "Work with JSON Schemas: derive them from tables, compare them, check lines of JSON against one.",
        subcommands: [SchemasValidate.self, SchemasDerive.self, SchemasDiff.self])
}
