import ArgumentParser
import CoreIngest

struct SchemasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas",
        abstract:
            "Work with JSON Schemas: derive and compare them, check lines of JSON against one, and keep the registry.",
        subcommands: [
            SchemasList.self, SchemasGet.self, SchemasPublish.self, SchemasPurge.self, SchemasValidate.self,
            SchemasDerive.self, SchemasDiff.self, SchemasApprove.self,
        ])

    /// The registry of a configuration.
    static func registry(_ file: ConfigurationOption) throws(CommandFailure) -> any SchemaRegistry {
        try file.load().configuration.registry.backend.registry()
    }

    /// A question to the registry; what fails ends the command.
    static func asking<Result>(_ body: () throws(SchemaError) -> Result) throws(CommandFailure) -> Result {
        do throws(SchemaError) { return try body() } catch { throw .failed("\(error)") }
    }

    static func malformed(_ name: String) -> String {
        "'\(name)' is no name of a schema: write iglu:com.acme/order/jsonschema/1-0-0, or com.acme/order/v1.0.json"
    }
}
