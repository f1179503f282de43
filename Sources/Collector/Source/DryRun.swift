package import CoreIngest

/// Answers with the verdict and the envelope of events, which are not kept: `{"message":"not kept","events":[{…},…]}`.
package struct DryRun: Sendable {
    private let schemas: SchemaCache
    private let renderer: EventRenderer
    private let reporting: SchemaReporting

    package init(schemas: SchemaCache, renderer: EventRenderer, reporting: SchemaReporting = SchemaReporting()) {
        self.schemas = schemas
        self.renderer = renderer
        self.reporting = reporting
    }

    /// `events`: as they lie in a frame. May block as long as the registry does.
    package func answer(_ events: [UInt8]) -> CollectedAnswer {
        var assembler = EventAssembler(schemas, reporting: reporting) { _ in false }
        var builder = EventBatchBuilder(capacity: 2 * events.count + 4096)
        assembler.beginBatch()
        events.withUnsafeBytes { bytes in
            var position = Position(commit: 1, ordinal: 0)
            for event in CollectedEventSequence(bytes) {
                assembler.append(event, at: position, to: &builder)
                position.ordinal += 1
            }
        }
        Validation.apply(to: &builder, reporting: reporting)
        let batch = builder.seal(
            source: SourceIdentity(name: "dry run", systemIdentifier: 0), acknowledge: 0, receivedAt: Timestamp.now())
        let rendered = batch.rendered(as: .envelope, by: renderer)
        var body = ByteArena(capacity: 2 * batch.byteCount + 4096)
        body.append("{\"message\":\"not kept\",\"events\":[")
        for index in batch.records.indices {
            if index > 0 { body.append(",") }
            body.append(rendered.line(index))
        }
        body.append("]}")
        return .json(200, Array(body.bytes))
    }
}
