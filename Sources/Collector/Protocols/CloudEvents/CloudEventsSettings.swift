/// How CloudEvents are taken.
package struct CloudEventsSettings: Sendable {
    package var path = "/cloudevents"
    /// Origins that may deliver webhooks, for the handshake; `*` stands for any.
    package var allowedOrigins = ["*"]
    /// Requests a minute that the handshake grants; nil: as many as are asked for.
    package var allowedRate: Int?
    /// A single event without `specversion` is refused, too. Buz takes such events, so they are kept by default, as invalid
    /// ones where more is missing.
    package var requiresSpecificationVersion = false

    package init() {}
}
