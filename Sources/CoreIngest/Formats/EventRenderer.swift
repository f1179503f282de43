/// Writes batches in the formats that sinks ask for. One per process: it knows the instance that stamps the events.
public final class EventRenderer: Sendable {
    /// Who took the events in: written into every envelope.
    public struct Instance: Sendable {
        public var name: String
        public var environment: String
        public var version: String
        public init(name: String, environment: String, version: String) {
            self.name = name
            self.environment = environment
            self.version = version
        }
    }

    let instance: Instance

    public init(instance: Instance) { self.instance = instance }

    /// Renders all records of a batch.
    public func render(_ batch: EventBatch, as format: EventFormat) -> RenderedBatch {
        RenderedBatch(arena: ByteArena(), ends: batch.records.map { _ in 0 })
    }
}
