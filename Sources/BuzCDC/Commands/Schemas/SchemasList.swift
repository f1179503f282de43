import ArgumentParser
import CoreIngest

struct SchemasList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the schemas of the registry.",
        discussion: "Asks the registry of the configuration itself, not a running instance.")

    @OptionGroup var file: ConfigurationOption

    @Option(help: "Only those of this vendor.")
    var vendor: String?

    @Flag(help: "Print a JSON array of names.")
    var json = false

    /// More are not listed.
    private static let most = 100_000

    func run() throws {
        let registry = try SchemasCommand.registry(file)
        let listed = try SchemasCommand.asking { () throws(SchemaError) in try registry.names(most: Self.most) }
        guard var names = listed else {
            throw CommandFailure.failed(
                "\(registry.description) cannot list its schemas; name one with 'buz-cdc schemas get NAME'")
        }
        if let vendor { names.removeAll { $0.vendor != vendor } }
        if json {
            let text = JSONText.array { list in for name in names { list.element(name.description) } }
            Output.line(String(decoding: text, as: UTF8.self))
        } else if names.isEmpty {
            Output.line("no schemas")
        } else {
            for name in names { Output.line(name.description) }
        }
    }
}
