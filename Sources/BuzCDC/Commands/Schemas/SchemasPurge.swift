import ArgumentParser
import CoreIngest

struct SchemasPurge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Empty the schema cache of the running instance, whole or of one schema.",
        discussion: "The next event of each schema asks the registry again, and tables look for their contracts again.")

    @OptionGroup var file: ConfigurationOption

    @Argument(help: "The name of a schema; without it, all.")
    var name: String?

    func run() throws {
        let configuration = try file.load().configuration
        let operations = configuration.operations
        guard operations.enabled else {
            throw CommandFailure.usage("purge needs the operations server: set operations.enabled to true")
        }
        guard let path = configuration.registry.purgePath else {
            throw CommandFailure.usage("registry.purge.enabled is false; set it to true")
        }
        var target = path
        if let name {
            guard let schema = SchemaName(name) else { throw CommandFailure.usage(SchemasCommand.malformed(name)) }
            // The grammar of names leaves nothing to escape.
            target += "?schema=\(schema)"
        }
        let client = OperationsClient(host: operations.host, port: operations.port, token: operations.token)
        do throws(OperationsClient.Failure) {
            let answer = try client.send("POST", target)
            guard answer.status == 200 else {
                throw OperationsClient.Failure(description: "it answered with HTTP status \(answer.status)")
            }
        } catch {
            throw CommandFailure.failed(
                "the running instance could not be asked: \(error); start it with 'buz-cdc run'")
        }
        Output.line(name.map { "purged \($0)" } ?? "purged")
    }
}
