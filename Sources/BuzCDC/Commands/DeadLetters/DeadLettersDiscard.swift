import ArgumentParser
import CoreIngest

struct DeadLettersDiscard: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Remove dead letters for good.",
        discussion: "Name a sink, class, group, uuid or limit, or say --all.")

    @OptionGroup var selection: DeadLetterSelection

    @Flag(help: "Remove the dead letters of every sink.")
    var all = false

    @Flag(help: "Print a JSON array.")
    var json = false

    func run() throws {
        if selection.isEverything, !all {
            throw CommandFailure.usage("discard without --sink, --class, --group, --uuid or --limit needs --all")
        }
        let filter = try selection.filter()
        var done: [(sink: String, count: Int)] = []
        for (sink, store) in try selection.open().stores {
            do throws(StateError) {
                done.append((sink.name, try store.discard(filter)))
            } catch {
                throw CommandFailure.failed(error.message)
            }
        }
        if json {
            let text = JSONText.array { text in
                for (sink, count) in done {
                    text.object { text in
                        text.member("sink", sink)
                        text.member("discarded", count)
                    }
                }
            }
            Output.line(String(decoding: text, as: UTF8.self))
        } else {
            for (sink, count) in done { Output.line("\(sink): \(count) discarded") }
        }
    }
}
