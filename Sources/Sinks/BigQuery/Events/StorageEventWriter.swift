import CoreIngest

/// Appends events by the Storage Write API's default stream: at least once.
///
/// What a write that failed half-way had appended is remembered, so that the same call, made again, does not repeat it.
final class StorageEventWriter: BigQueryEventWriter {
    private let table: BigQueryEventTable
    private let stream: String
    private let rendered: RenderedEvents
    private let appender: StorageAppender
    private let descriptor = EventTableColumns.descriptor.serialized()
    private var taken: Set<TakenEvent> = []
    /// The batches of ``taken``: held, so that no other gets their identity.
    private var held: [EventBatch] = []

    private struct TakenEvent: Hashable {
        var batch: ObjectIdentifier
        var record: Int32
    }

    /// `path`: `projects/p/datasets/d/tables/t`.
    init(_ table: BigQueryEventTable, path: String, _ rendered: RenderedEvents, _ client: StorageWriteClient) {
        self.table = table
        stream = StorageWriteClient.defaultStream(path)
        self.rendered = rendered
        appender = StorageAppender(client: client)
    }

    func open() throws(BigQueryFailure) -> [SourceIdentity: Position] {
        forget()
        table.forget()
        return [:]
    }

    func write(_ events: [EventReference], of slices: [BatchSlice]) throws(BigQueryFailure)
        -> [EventReference: BigQueryFailure]
    {
        try table.prepare()
        let left = taken.isEmpty ? events : events.filter { !taken.contains(Self.taken($0, slices)) }
        var rows = EncodedRows()
        rendered.forEach(left, of: slices) { event, record, batch, shared, line in
            rows.append(event) { EventTableColumns.encode(record, of: batch, shared, line, into: &$0) }
        }
        let result = appender.append(rows, descriptor, to: stream)
        if let failure = result.failure {
            for row in result.appended { taken.insert(Self.taken(rows.owners[row], slices)) }
            held += slices.map(\.batch)
            if failure.kind == .notFound { table.forget() }
            throw failure.afterChange
        }
        forget()
        var refused: [EventReference: BigQueryFailure] = [:]
        for (row, failure) in result.refused { refused[rows.owners[row]] = failure }
        return refused
    }

    private func forget() {
        taken = []
        held = []
    }

    private static func taken(_ event: EventReference, _ slices: [BatchSlice]) -> TakenEvent {
        TakenEvent(batch: ObjectIdentifier(event.batch(in: slices)), record: event.record)
    }
}
