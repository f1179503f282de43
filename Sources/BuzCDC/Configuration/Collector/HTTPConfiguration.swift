import Collector

/// The `http` section: how the collector listens, what it keeps, and what a client may cost.
struct HTTPConfiguration: Sendable {
    /// Without the inputs and the middleware, which are sections of their own.
    var settings: Collector.Settings
}
