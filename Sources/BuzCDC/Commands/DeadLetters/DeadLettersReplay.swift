import ArgumentParser
import CoreIngest

struct DeadLettersReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Write dead letters to their sink again, to that sink only.",
        discussion: """
            What the sink takes is removed, what it refuses stays with one more attempt. Every event keeps its uuid. A file \
            sink belongs to one process: stop the instance before its dead letters are replayed.
            """)

    @OptionGroup var selection: DeadLetterSelection

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Where it stands which source table each mirror is of.
    private static func state(of configuration: Configuration) throws(CommandFailure) -> StateStore {
        do throws(StateError) {
            return try StateStore(StateDirectory(path: configuration.app.stateDirectory, exclusive: false))
        } catch {
            throw .failed(error.message)
        }
    }

    func run() async throws {
        let filter = try selection.filter()
        let (configuration, stores) = try selection.open()
        let factory = SinkFactory(
            renderer: EventRenderer(instance: Instance.identity(configuration)), isReplay: true,
            state: try Self.state(of: configuration))
        var done: [(sink: String, result: DeadLetterReplay.Result)] = []
        for (entry, store) in stores where store.count > 0 {
            let replay = DeadLetterReplay(store: store, sink: try factory.sink(entry))
            do {
                done.append((entry.name, try await replay.run(filter)))
            } catch let failure as SinkFailure {
                throw CommandFailure.failed("sink \(entry.name) cannot take its dead letters: \(failure)")
            } catch let failure as StateError {
                throw CommandFailure.failed(failure.message)
            }
        }
        report(done)
        let left = done.reduce(0) { $0 + $1.result.failed + $1.result.unreadable }
        if left > 0 {
            throw CommandFailure.failed(
                "\(left) dead letters were not taken, and stay; see 'buz-cdc deadletters list' for the reasons")
        }
    }

    private func report(_ done: [(sink: String, result: DeadLetterReplay.Result)]) {
        if json {
            let text = JSONText.array { text in
                for (sink, result) in done {
                    text.object { text in
                        text.member("sink", sink)
                        text.member("delivered", result.delivered)
                        text.member("failed", result.failed)
                        text.member("unreadable", result.unreadable)
                    }
                }
            }
            Output.line(String(decoding: text, as: UTF8.self))
        } else if done.isEmpty {
            Output.line("no dead letters")
        } else {
            for (sink, result) in done {
                Output.line(
                    "\(sink): \(result.delivered) delivered, \(result.failed) refused again, \(result.unreadable) unreadable"
                )
            }
        }
    }
}
