import ArgumentParser
import Collector
import CoreIngest

struct SchemasGet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print a schema of the registry, or one that comes with the program.",
        discussion: "Ends with status 1 when the registry has none of that name.")

    @OptionGroup var file: ConfigurationOption

    @Argument(help: "The name: iglu:com.acme/order/jsonschema/1-0-0, or com.acme/order/v1.0.json.")
    var name: String

    func run() throws {
        guard let name = SchemaName(name) else { throw CommandFailure.usage(SchemasCommand.malformed(name)) }
        let registry = BuiltInRegistry(before: try SchemasCommand.registry(file))
        let found = try SchemasCommand.asking { () throws(SchemaError) in try registry.text(of: name) }
        guard let text = found else {
            throw CommandFailure.failed("\(registry.description) has no schema \(name)")
        }
        Output.line(String(decoding: text.last == 0x0A ? text.dropLast() : text[...], as: UTF8.self))
    }
}
