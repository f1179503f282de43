/// What concerns all lanes.
package struct PipelineSettings: Sendable {
    /// How often stalled sinks are looked for.
    package var watchInterval: Duration = .seconds(1)

    package init() {}
}
