import ArgumentParser
import CoreIngest
import LogicalDecoding

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show lag, lanes, dead letters, slots and retained WAL of the running instance.",
        discussion: """
            Asks the operations server of the instance that runs with this configuration. When none runs, prints what the \
            state folder and the databases say, and ends with status 1.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Print the JSON object of /stats.")
    var json = false

    func run() throws {
        let configuration = try file.load().configuration
        let operations = configuration.operations
        guard operations.enabled else {
            throw CommandFailure.usage("status needs the operations server: set operations.enabled to true")
        }
        let client = OperationsClient(
            host: configuration.operationsHost, port: operations.port, token: operations.token)
        let answer: OperationsClient.Answer
        do throws(OperationsClient.Failure) {
            answer = try client.send("GET", json ? "/stats" : "/stats?format=text")
        } catch {
            let offline = OfflineStatus.read(configuration)
            if json { Output.line(String(decoding: offline.json, as: UTF8.self)) } else { Output.line(offline.text) }
            throw CommandFailure.failed("no running instance: \(error); start it with 'buz-cdc run'")
        }
        guard answer.status == 200 else {
            throw CommandFailure.failed(
                "the instance at \(configuration.operationsHost):\(operations.port) answered with HTTP status \(answer.status)"
                    + (answer.status == 401 ? ": operations.token differs from the one it was started with" : ""))
        }
        var body = String(decoding: answer.body, as: UTF8.self)
        if body.hasSuffix("\n") { body.removeLast() }
        Output.line(body)
    }
}
