import CoreIngest

/// `type: stdout`.
struct StdoutSinkConfiguration: SinkDestination {
    var format: EventFormat
    var color: Color
    var style: Style

    enum Color: String, Sendable, CaseIterable { case auto, always, never }
    enum Style: String, Sendable, CaseIterable { case auto, lines, summary }
}
