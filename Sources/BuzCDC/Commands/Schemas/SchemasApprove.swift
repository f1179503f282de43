import ArgumentParser
import CoreIngest

struct SchemasApprove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let rows of a table's new schema pass, where schemaChanges holds them.",
        discussion:
            "The instance must be stopped; it delivers such rows from its next start on. Rows that became dead letters are delivered by 'deadletters replay --class schema_change'."
    )

    @OptionGroup var file: ConfigurationOption

    @Argument(help: "The name of the schema, as status, log and dead letters show it.")
    var name: String

    func run() throws {
        let configuration = try file.load().configuration
        guard let schema = SchemaName(name) else { throw CommandFailure.usage(SchemasCommand.malformed(name)) }
        let (directory, store): (StateDirectory, StateStore)
        do throws(StateError) {
            directory = try StateDirectory(path: configuration.app.stateDirectory, exclusive: true)
            store = try StateStore(directory)
        } catch {
            throw CommandFailure.failed("\(error.message); nothing was approved")
        }
        // Its lock keeps an instance from starting meanwhile.
        defer { withExtendedLifetime(directory) {} }
        let versions = SchemaVersions(
            .init(read: { try store.read($0) }, write: { key, value in try store.write(key, value) }))
        let isKnown: Bool
        do {
            isKnown = try versions.approve(schema)
        } catch {
            throw CommandFailure.failed("the state folder could not be read or written: \(error)")
        }
        guard isKnown else {
            throw CommandFailure.failed(
                "no table of this instance has the schema \(schema): take the name from its log, or set schemaChanges to allow"
            )
        }
        Output.line("approved \(schema): start the instance")
    }
}
