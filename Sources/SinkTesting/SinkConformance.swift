public import CoreIngest

/// What every sink has to do, whatever it writes to. Each check makes its own destination, and throws a ``Violation`` that says
/// what was wrong.
///
/// ```swift
/// try await SinkConformance(make: { MySink(path: folder) }, read: { try eventsIn(folder) }).all()
/// ```
public struct SinkConformance: Sendable {
    /// What a sink did against its contract.
    public struct Violation: Error, CustomStringConvertible {
        /// One line.
        public var description: String
    }

    private let make: @Sendable () async throws -> any Sink
    private let read: @Sendable () async throws -> [RecordedEvent]

    /// - `make`: a sink on a destination; the same destination each time it is called within one check.
    /// - `read`: the events that are durable in that destination, in its order.
    public init(
        make: @escaping @Sendable () async throws -> any Sink,
        read: @escaping @Sendable () async throws -> [RecordedEvent]
    ) {
        self.make = make
        self.read = read
    }

    /// Every check, one after the other, on one destination.
    public func all() async throws {
        var batches = TestBatch()
        try await keepsOrder(&batches)
        try await takesEmptySlicesAndControlMarks(&batches)
        try await takesLargeEvents(&batches)
        try await losesNothingWhenWrittenAgain(&batches)
    }

    /// Events of one key arrive in order, through several slices and writes, and are there after a flush.
    public func keepsOrder(_ batches: inout TestBatch) async throws {
        let first = batches.transaction(
            (0..<50).map { TestBatch.Change(id: $0 % 5, operation: .update, note: "\($0)") })
        let second = batches.inserts(10)
        try await expectDelivery(
            [[BatchSlice(first, range: 0..<20), BatchSlice(first, range: 20..<50)], [BatchSlice(second)]], "in order")
    }

    /// A slice without events, and marks of a snapshot, are taken and are not events.
    public func takesEmptySlicesAndControlMarks(_ batches: inout TestBatch) async throws {
        let marked = batches.transaction([
            .init(id: 1, operation: .snapshotBegin), .init(id: 900, operation: .read),
            .init(id: 1, operation: .snapshotEnd),
        ])
        let more = batches.inserts(1)
        try await expectDelivery(
            [[BatchSlice(more, range: 0..<0), BatchSlice(marked)], [BatchSlice(more)]], "with marks")
    }

    /// An event of a mebibyte, with text that has to be escaped.
    public func takesLargeEvents(_ batches: inout TestBatch) async throws {
        let large = batches.inserts(1, note: String(repeating: "\u{1F418}\"\\\n", count: 150_000))
        try await expectDelivery([[BatchSlice(large)]], "large")
    }

    /// After a sink was closed without a flush, the same events again are all there, and what `open` said to have is.
    public func losesNothingWhenWrittenAgain(_ batches: inout TestBatch) async throws {
        let batch = batches.inserts(20)
        let interrupted = try await make()
        _ = try await interrupted.open()
        _ = await interrupted.write([BatchSlice(batch, range: 0..<12)])
        await interrupted.close()
        let sink = try await make()
        let known = try await sink.open()[batches.source] ?? .start
        let start = batch.records.firstIndex { $0.position > known } ?? batch.records.count
        try await write([BatchSlice(batch, range: start..<batch.records.count)], to: sink)
        try await sink.flush()
        await sink.close()
        let durable = try await read()
        for event in RecordedEvent.events(of: [BatchSlice(batch)]) where !durable.contains(event) {
            throw Violation(description: "The event at \(event.position) is missing after a sink was reopened.")
        }
    }

    private func expectDelivery(_ writes: [[BatchSlice]], _ what: String) async throws {
        let sink = try await make()
        _ = try await sink.open()
        for slices in writes { try await write(slices, to: sink) }
        try await sink.flush()
        // What a flush has covered is there before the sink is closed.
        let durable = try await read()
        await sink.close()
        let expected = writes.flatMap { RecordedEvent.events(of: $0) }
        let found = durable.filter { event in expected.contains { $0.position == event.position } }
        guard found == expected else {
            throw Violation(
                description:
                    "\(sink.name): \(found.count) of \(expected.count) events \(what) are durable as they were sent.")
        }
    }

    private func write(_ slices: [BatchSlice], to sink: any Sink) async throws {
        switch await sink.write(slices) {
        case .delivered: return
        case .rejected(let rejections):
            throw Violation(description: "\(sink.name) rejected \(rejections.count) good events.")
        case .refused(let failure), .failed(let failure):
            throw Violation(description: "\(sink.name) did not take a write: \(failure)")
        }
    }
}
