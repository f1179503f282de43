import CoreIngest

/// What sinks that write into a database make of the events, and where.
struct DatabaseOutputs: Sendable {
    var mode: Mode
    /// Of the events in ``defaultOutput``.
    var format: EventFormat
    /// Table of valid events; in a mirror, of those that belong to no table.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?

    enum Mode: String, Sendable, CaseIterable { case events, mirror }
}

/// The keys of ``DatabaseOutputs``.
struct DatabaseOutputKeys: Sendable {
    let mode = Key<DatabaseOutputs.Mode>.choice(
        "mode", "Append events to a table, or keep tables that equal the source's.", .defaulted("events"))
    let format = Key<EventFormat>.choice(
        "format", "How the events in the events table are written.", .defaulted("envelope"))
    let defaultOutput: Key<String>
    let deadletterOutput: Key<String?>

    /// `rule`: which names tables may have.
    init(tables rule: TextRule) {
        defaultOutput = .text(
            "defaultOutput", "Table of the events; in a mirror only of those that belong to no table.",
            .defaulted("events"), rule: rule)
        deadletterOutput = .optionalText(
            "deadletterOutput", "Table that takes invalid events. Without it they go to the sink's dead letters.",
            rule: rule, example: "invalid_events")
    }

    /// Those behind ``mode``.
    var tables: [KeySpecification] {
        [format.specification, defaultOutput.specification, deadletterOutput.specification]
    }

    func read(_ section: CheckedSection) -> DatabaseOutputs {
        DatabaseOutputs(
            mode: section[mode], format: section[format], defaultOutput: section[defaultOutput],
            deadletterOutput: section[deadletterOutput])
    }
}

/// A sink's configuration with ``DatabaseOutputs``.
protocol DatabaseDestination: SinkDestination {
    var outputs: DatabaseOutputs { get }
}

extension DatabaseDestination {
    static func check(_ section: CheckedSection, _ checker: inout ConfigurationChecker) {
        checker.checkOutputsDiffer(section)
    }
}
