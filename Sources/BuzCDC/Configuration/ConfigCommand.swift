import ArgumentParser
import CoreIngest

/// `buz-cdc config schema|example|resolved`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration's schema, an example, or what is in force.",
        subcommands: [Schema.self, Example.self, Resolved.self])

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the JSON Schema of the configuration.")

        func run() { Output.text(ConfigurationTexts.schema) }
    }

    struct Example: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a configuration with every key and its explanation.")

        func run() { Output.text(ConfigurationTexts.example) }
    }

    struct Resolved: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a configuration with variables and defaults put in, and secrets masked.")

        @OptionGroup var config: ConfigurationOption

        func run() throws { Output.text(ResolvedView.yaml(try config.load().section)) }
    }
}

/// `--config FILE`, of every command that needs a configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration file.", valueName: "file"))
    var path: String

    /// Reads and checks the file; throws a ``CommandFailure`` with one line for each problem and status 2.
    func load() throws(CommandFailure) -> ConfigurationLoader.Loaded { try Self.load(path: path) }

    /// As ``load()``, for a file that may be left out.
    static func load(path: String) throws(CommandFailure) -> ConfigurationLoader.Loaded {
        do throws(ConfigurationError) {
            return try ConfigurationLoader().load(path: path)
        } catch {
            throw CommandFailure(status: .usage, lines: error.lines)
        }
    }
}

extension Output {
    /// Text on stdout, as it is.
    fileprivate static func text(_ text: String) {
        var text = text
        text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }
}
