import ArgumentParser

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadletters",
        abstract: "List, show, replay, discard or export events that a sink refused.",
        discussion: """
            Reads and changes the files under app.stateDir, also while an instance runs. An event is in a dead letter queue with \
            its original bytes, the reason, and the destination's own words; events that failed for the same reason are one group.
            """,
        subcommands: [
            DeadLettersList.self, DeadLettersShow.self, DeadLettersReplay.self, DeadLettersDiscard.self,
            DeadLettersExport.self,
        ])
}
