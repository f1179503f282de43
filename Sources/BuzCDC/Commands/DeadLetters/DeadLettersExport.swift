import ArgumentParser
import CoreIngest

struct DeadLettersExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print dead letters as JSON, one object a line.",
        discussion: "The member envelope holds the event; the others say when, where and why it failed.")

    @OptionGroup var selection: DeadLetterSelection

    func run() throws {
        let filter = try selection.filter()
        for (sink, store) in try selection.open().stores {
            do throws(StateError) {
                try store.forEach(filter) { entry in
                    let line = JSONText.array { entry.write(sink: sink.name, to: &$0) }
                    Output.line(String(decoding: line.dropFirst().dropLast(), as: UTF8.self))
                }
            } catch {
                throw CommandFailure.failed(error.message)
            }
        }
    }
}
