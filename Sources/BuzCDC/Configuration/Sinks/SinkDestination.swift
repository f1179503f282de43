/// The part of a sink's configuration that belongs to its type.
protocol SinkDestination: Sendable {}
