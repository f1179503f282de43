import ArgumentParser
import CoreIngest

struct DeadLettersShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show single dead letters, whole, the oldest first.",
        discussion: "Ten of each sink unless --limit says otherwise.")

    @OptionGroup var selection: DeadLetterSelection

    @Flag(help: "Print a JSON array.")
    var json = false

    func run() throws {
        let filter = try selection.filter(defaultLimit: 10)
        var found: [(sink: String, entry: DeadLetterEntry)] = []
        for (sink, store) in try selection.open().stores {
            do throws(StateError) {
                for entry in try store.entries(filter) { found.append((sink.name, entry)) }
            } catch {
                throw CommandFailure.failed(error.message)
            }
        }
        if json {
            let text = JSONText.array { text in for (sink, entry) in found { entry.write(sink: sink, to: &text) } }
            Output.line(String(decoding: text, as: UTF8.self))
            return
        }
        if found.isEmpty { Output.line("no dead letters") }
        for (sink, entry) in found {
            Output.line(
                """
                \(entry.uuid)  sink \(sink)  \(entry.reason) (\(entry.code))  attempts \(entry.attempts)
                  stream    \(entry.stream)  \(entry.schema)
                  position  \(entry.source) \(entry.position)
                  failed    \(entry.firstFailedAt), last \(entry.lastFailedAt)  group \(entry.group)
                  error     \(entry.error)
                  event     \(entry.envelope)
                """)
        }
    }
}
