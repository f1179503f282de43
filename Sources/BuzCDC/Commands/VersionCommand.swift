import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() {
        if json {
            let text = JSONText.object { $0.member("version", Version.current) }
            Output.line(String(decoding: text, as: UTF8.self))
        } else {
            Output.line("buz-cdc \(Version.current)")
        }
    }
}
