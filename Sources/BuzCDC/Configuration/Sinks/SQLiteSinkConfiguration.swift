import CoreIngest

/// `type: sqlite`.
struct SQLiteSinkConfiguration: SinkDestination {
    /// The database file; never empty.
    var path: String
    var mode: Mode
    /// Of the events in ``defaultOutput``.
    var format: EventFormat
    /// Table of valid events; in a mirror, of those that belong to no table.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?

    enum Mode: String, Sendable, CaseIterable { case events, mirror }

    private enum Keys {
        static let path = Key<String>.text(
            "path", "The database file; made when missing, its folder is not.", .required, example: "./shop.sqlite")
        static let mode = Key<Mode>.choice(
            "mode", "Append events to a table, or keep tables that equal the source's.", .defaulted("events"))
        static let format = Key<EventFormat>.choice(
            "format", "How the events in the events table are written.", .defaulted("envelope"))
        static let defaultOutput = Key<String>.text(
            "defaultOutput", "Table of the events; in a mirror only of those that belong to no table.",
            .defaulted("events"), rule: .identifier)
        static let deadletterOutput = Key<String?>.optionalText(
            "deadletterOutput", "Table that takes invalid events. Without it they go to the sink's dead letters.",
            rule: .identifier, example: "invalid_events")
    }

    static let type = "sqlite"
    static let doc =
        "Writes into a SQLite database file; together with its own position, so that nothing is written twice."
    static let examples: [String: ConfigurationLiteral] = ["name": "laptop"]
    static let keys = [
        Keys.path.specification, Keys.mode.specification, Keys.format.specification, Keys.defaultOutput.specification,
        Keys.deadletterOutput.specification,
    ]

    init(_ section: CheckedSection) {
        path = section[Keys.path]
        mode = section[Keys.mode]
        format = section[Keys.format]
        defaultOutput = section[Keys.defaultOutput]
        deadletterOutput = section[Keys.deadletterOutput]
    }

    static func targets(_ section: CheckedSection) -> [String] {
        section.text("path").map { ["the database \($0)"] } ?? []
    }

    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
    }
}
