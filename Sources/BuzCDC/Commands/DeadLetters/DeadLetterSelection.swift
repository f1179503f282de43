import ArgumentParser
import CoreIngest

/// Which dead letters a command is about: the options that all of them share.
struct DeadLetterSelection: ParsableArguments {
    @OptionGroup var file: ConfigurationOption

    @Option(help: "Only of this sink; all sinks otherwise.")
    var sink: String?

    @Option(
        name: .customLong("class"),
        help: "Only of this class: \(DeadLetterClass.allCases.map(\.rawValue).joined(separator: ", ")).")
    var reason: String?

    @Option(help: "Only of this group, as printed by list.")
    var group: String?

    @Option(help: "Only the event with this id.")
    var uuid: String?

    @Option(help: "At most so many per sink.")
    var limit: Int?

    var isEverything: Bool { sink == nil && reason == nil && group == nil && uuid == nil && limit == nil }

    /// The configuration, and the store of each sink that is meant. No store is made where a sink never had a dead letter.
    func open() throws -> (configuration: Configuration, stores: [(sink: SinkConfiguration, store: DeadLetterStore)]) {
        let configuration = try file.load().configuration
        if let sink, !configuration.sinks.contains(where: { $0.name == sink }) {
            let known = configuration.sinks.map(\.name).joined(separator: ", ")
            throw CommandFailure.usage("no sink '\(sink)' in the configuration; there are: \(known)")
        }
        do throws(StateError) {
            let directory = try StateDirectory(path: configuration.app.stateDirectory, exclusive: false)
            var stores: [(SinkConfiguration, DeadLetterStore)] = []
            for entry in configuration.sinks where sink == nil || entry.name == sink {
                stores.append((entry, try DeadLetterStore(directory, sink: entry.name)))
            }
            return (configuration, stores)
        } catch {
            throw CommandFailure.failed(error.message)
        }
    }

    /// `defaultLimit`: where the command line names none.
    func filter(defaultLimit: Int? = nil) throws -> DeadLetterFilter {
        var wanted: DeadLetterClass?
        if let reason {
            guard let known = DeadLetterClass(rawValue: reason) else {
                let classes = DeadLetterClass.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure.usage("no class '\(reason)'; there are: \(classes)")
            }
            wanted = known
        }
        if let limit, limit < 1 { throw CommandFailure.usage("--limit is \(limit): give 1 or more") }
        return DeadLetterFilter(reason: wanted, group: group, uuid: uuid, limit: limit ?? defaultLimit)
    }
}

extension DeadLetterEntry {
    func write(sink: String, to text: inout JSONText) {
        text.object { text in
            text.member("sink", sink)
            text.member("uuid", uuid)
            text.member("class", reason)
            text.member("code", code)
            text.member("error", error)
            text.member("attempts", attempts)
            text.member("firstFailedAt", firstFailedAt)
            text.member("lastFailedAt", lastFailedAt)
            text.member("source", source)
            text.member("position", position)
            text.member("schema", schema)
            text.member("stream", stream)
            text.member("group", group)
            text.member("envelope", json: Array(envelope.utf8))
        }
    }
}
