/// What concerns all lanes.
package struct PipelineSettings: Sendable {
    /// How often sinks that stall or fail are looked for.
    package var watchInterval: Duration = .seconds(1)
    /// What is told of events that fail validation.
    package var reporting = SchemaReporting()

    package init() {}
}
