import ArgumentParser

@main
struct BuzCDC: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "buz-cdc")
}
