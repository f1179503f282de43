import ArgumentParser
import CoreIngest

struct DeadLettersList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the groups of dead letters, the largest first.",
        discussion: "A million events that failed for the same reason are one line.")

    @OptionGroup var selection: DeadLetterSelection

    @Flag(help: "Print a JSON array.")
    var json = false

    func run() throws {
        let filter = try selection.filter(defaultLimit: 50)
        var found: [(sink: String, group: DeadLetterSummary)] = []
        for (sink, store) in try selection.open().stores {
            do throws(StateError) {
                for group in try store.summaries(filter) { found.append((sink.name, group)) }
            } catch {
                throw CommandFailure.failed(error.message)
            }
        }
        if json {
            Output.line(String(decoding: Self.json(found), as: UTF8.self))
        } else if found.isEmpty {
            Output.line("no dead letters")
        } else {
            Output.line(Self.table(found))
        }
    }

    private static func table(_ found: [(sink: String, group: DeadLetterSummary)]) -> String {
        var table = TextTable([
            ("sink", .left), ("count", .right), ("class", .left), ("stream", .left), ("last", .left), ("group", .left),
            ("error", .left),
        ])
        for (sink, group) in found {
            table.append(
                sink, "\(group.count)", group.reason, group.stream, group.lastFailedAt, group.group,
                String(group.example.prefix(200)))
        }
        return table.text
    }

    private static func json(_ found: [(sink: String, group: DeadLetterSummary)]) -> [UInt8] {
        JSONText.array { text in
            for (sink, group) in found {
                text.object { text in
                    text.member("sink", sink)
                    text.member("group", group.group)
                    text.member("count", group.count)
                    text.member("class", group.reason)
                    text.member("code", group.code)
                    text.member("schema", group.schema)
                    text.member("stream", group.stream)
                    text.member("firstFailedAt", group.firstFailedAt)
                    text.member("lastFailedAt", group.lastFailedAt)
                    text.member("error", group.example)
                }
            }
        }
    }
}
