import CoreIngest

/// `type: postgres`.
struct PostgresSinkConfiguration: SinkDestination {
    /// A `postgres://` URL or libpq's `key=value` string. Holds a password: never log it.
    var url: String
    var mode: Mode
    /// Target schema; nil: the source table's in a mirror, else the connection's default.
    var schema: String?
    /// Schema of the table that holds the positions.
    var positionsSchema: String
    /// Of `mode: events`.
    var format: EventFormat
    /// Table of valid events, of `mode: events`.
    var defaultOutput: String
    /// Table of invalid events; nil: they go to the local dead letter queue.
    var deadletterOutput: String?
    var connectTimeout: Duration
    /// Limit of one statement, so that a write cannot hang for ever.
    var statementTimeout: Duration

    enum Mode: String, Sendable, CaseIterable { case events, mirror }
}
