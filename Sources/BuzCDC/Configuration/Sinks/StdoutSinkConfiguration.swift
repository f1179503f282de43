import CoreIngest

/// `type: stdout`.
struct StdoutSinkConfiguration: SinkDestination {
    var format: EventFormat
    var color: Color
    var style: Style

    enum Color: String, Sendable, CaseIterable { case auto, always, never }
    enum Style: String, Sendable, CaseIterable { case auto, lines, summary }

    private enum Keys {
        static let format = Key<EventFormat>.choice("format", "How events are written.", .defaulted("envelope"))
        static let color = Key<Color>.choice(
            "color", "Whether lines are coloured; auto: on a terminal.", .defaulted("auto"))
        static let style = Key<Style>.choice(
            "style", "Whole events, one a line, or one-line summaries; auto: summaries on a terminal.",
            .defaulted("auto"))
    }

    static let type = "stdout"
    static let doc = "Prints events."
    static let examples: [String: ConfigurationLiteral] = ["name": "console", "deliveryRequired": "false"]
    static let keys = [Keys.format.specification, Keys.style.specification, Keys.color.specification]

    init(_ section: CheckedSection) {
        format = section[Keys.format]
        color = section[Keys.color]
        style = section[Keys.style]
    }
}
