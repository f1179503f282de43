import CoreIngest

/// One way in which events come into a table. Its lane calls from one thread.
protocol BigQueryEventWriter: AnyObject {
    /// What is durable by source, where it is known.
    func open() throws(BigQueryFailure) -> [SourceIdentity: Position]
    /// Writes events in their order. Those that were refused for ever are answered; what was not written is thrown.
    func write(_ events: [EventReference], of slices: [BatchSlice]) throws(BigQueryFailure)
        -> [EventReference: BigQueryFailure]
    /// Returns when all that was written is durable.
    func flush() throws(BigQueryFailure)
}

extension BigQueryEventWriter {
    func open() throws(BigQueryFailure) -> [SourceIdentity: Position] { [:] }
    func flush() throws(BigQueryFailure) {}
}

/// The events of a write that go to one table, each with its line in the table's format.
struct RenderedEvents {
    let format: EventFormat
    let renderer: EventRenderer

    /// Calls `take` for each event, with its JSON without the line's end.
    func forEach<Failure: Error>(
        _ events: [EventReference], of slices: [BatchSlice],
        _ take: (EventReference, EventRecord, EventBatch, EventTableColumns.Shared, UnsafeRawBufferPointer)
            throws(Failure) -> Void
    ) throws(Failure) {
        // A batch keeps its rendering only as long as somebody holds it, and the lines lie in it.
        var rendered: (batch: EventBatch, lines: RenderedBatch)?
        var shared: (stream: StreamDescriptor, source: SourceIdentity, values: EventTableColumns.Shared)?
        for event in events {
            let record = event.record(in: slices)
            let batch = event.batch(in: slices)
            let stream = batch.stream(of: record)
            let lines: RenderedBatch
            if let rendered, rendered.batch === batch {
                lines = rendered.lines
            } else {
                lines = batch.rendered(as: format, by: renderer)
                rendered = (batch, lines)
            }
            let values: EventTableColumns.Shared
            if let shared, shared.stream === stream, shared.source == batch.source {
                values = shared.values
            } else {
                values = EventTableColumns.Shared(stream, batch.source)
                shared = (stream, batch.source, values)
            }
            var line = lines.line(Int(event.record))
            while line.last == 0x0A { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            try take(event, record, batch, values, line)
        }
    }
}
