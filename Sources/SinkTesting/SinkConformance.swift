public import CoreIngest

/// What every sink has to do, whatever it writes to. The checks follow each other on one destination; each throws a
/// ``Violation`` that says what was wrong.
///
/// ```swift
/// var suite = SinkConformance(make: { MySink(path: folder) }, read: { try eventsIn(folder) })
/// try await suite.all()
/// ```
public struct SinkConformance {
    /// What a sink did against its contract.
    public struct Violation: Error, CustomStringConvertible {
        /// One line.
        public var description: String
    }

    private let make: () async throws -> any Sink
    private let read: () async throws -> [RecordedEvent]
    private let keeps: ([RecordedEvent]) -> [RecordedEvent]
    private let interrupt: (() async throws -> Void)?
    private var batches = TestBatch()
    /// Every event that the sink has taken so far and made durable.
    private var sent: [RecordedEvent] = []

    /// - `make`: a sink on the destination; the same destination each time it is called.
    /// - `read`: what is durable in that destination, in its order. Events may be there more than once.
    /// - `keeps`: what of some events, in this order, is expected there: for destinations that store only parts of an event, or
    ///   only the last state of a row.
    /// - `interrupt`: breaks what the sink is connected to at the moment, so that its next calls fail until it is opened again.
    public init(
        make: @escaping () async throws -> any Sink, read: @escaping () async throws -> [RecordedEvent],
        keeps: @escaping ([RecordedEvent]) -> [RecordedEvent] = { $0 }, interrupt: (() async throws -> Void)? = nil
    ) {
        self.make = make
        self.read = read
        self.keeps = keeps
        self.interrupt = interrupt
    }

    /// Every check, one after the other.
    public mutating func all() async throws {
        try await keepsOrder()
        try await takesEmptySlicesAndControlMarks()
        try await takesLargeEvents()
        try await losesNothingWhenWrittenAgain()
        try await answersOnlyWhatIsDurable()
        try await losesNothingWhenInterrupted()
    }

    /// Events of one key arrive in order, through several slices and writes, and are there after a flush.
    public mutating func keepsOrder() async throws {
        let first = batches.transaction(
            (0..<50).map { TestBatch.Change(id: 1 + $0 % 5, operation: .update, note: "\($0)") })
        let second = batches.inserts(10)
        try await expectDelivery(
            [[BatchSlice(first, range: 0..<20), BatchSlice(first, range: 20..<50)], [BatchSlice(second)]], "in order")
    }

    /// A slice without events, and marks of a snapshot, are taken and are not events.
    public mutating func takesEmptySlicesAndControlMarks() async throws {
        let marked = batches.transaction([
            .init(id: 1, operation: .snapshotBegin), .init(id: 900, operation: .read),
            .init(id: 1, operation: .snapshotEnd),
        ])
        let more = batches.inserts(1)
        try await expectDelivery(
            [[BatchSlice(more, range: 0..<0), BatchSlice(marked)], [BatchSlice(more)]], "with marks")
    }

    /// An event of a mebibyte, with text that has to be escaped.
    public mutating func takesLargeEvents() async throws {
        let large = batches.inserts(1, note: String(repeating: "\u{1F418}\"\\\n", count: 150_000))
        try await expectDelivery([[BatchSlice(large)]], "large")
    }

    /// After a sink was closed without a flush, the same events again are all there, and what `open` said to have is.
    public mutating func losesNothingWhenWrittenAgain() async throws {
        let batch = batches.inserts(20)
        let interrupted = try await make()
        _ = try await open(interrupted)
        _ = await interrupted.write([BatchSlice(batch, range: 0..<12)])
        await interrupted.close()
        let sink = try await make()
        let start = batch.firstRecord(after: try await open(sink)[batches.source])
        try await write([BatchSlice(batch, range: start..<batch.records.count)], to: sink)
        try await sink.flush()
        await sink.close()
        try await expectDurable(RecordedEvent.events(of: [BatchSlice(batch)]), "after a sink was reopened")
    }

    /// A sink that stores positions answers, opened anew, exactly the last one that was flushed; any other answers none.
    public mutating func answersOnlyWhatIsDurable() async throws {
        let batch = batches.inserts(5)
        let sink = try await make()
        let before = try await open(sink)[batches.source]
        try await write([BatchSlice(batch, range: 0..<3)], to: sink)
        try await sink.flush()
        await sink.close()
        let again = try await make()
        let after = try await open(again)[batches.source]
        let flushed = batch.records[2].position
        guard after == nil && before == nil || after == flushed else {
            throw Violation(
                description: "\(again.name) answers \(after.map { "\($0)" } ?? "nothing") where \(flushed) is durable.")
        }
        try await write([BatchSlice(batch, range: 3..<5)], to: again)
        try await again.flush()
        await again.close()
        try await expectDurable(RecordedEvent.events(of: [BatchSlice(batch)]), "after it was asked for its position")
    }

    /// What the sink is connected to breaks between a write and its flush, and between two writes: the sink says so, and after
    /// it was opened again and given everything since the last flush that worked, all is there.
    public mutating func losesNothingWhenInterrupted() async throws {
        guard let interrupt else { return }
        let sink = try await make()
        var durable = try await open(sink)[batches.source]
        for afterWrite in [true, false] {
            let batch = batches.inserts(9)
            var isFirst = true
            var attempts = 0
            repeat {
                attempts += 1
                guard attempts < 10 else {
                    throw Violation(description: "\(sink.name) does not recover from an interruption.")
                }
                if attempts > 1 { durable = try await open(sink)[batches.source] }
                let start = batch.firstRecord(after: durable)
                let middle = max(start, 5)
                if case .failed = await sink.write([BatchSlice(batch, range: start..<middle)]) { continue }
                if isFirst, !afterWrite { try await interrupt() }
                let last = await sink.write([BatchSlice(batch, range: middle..<batch.records.count)])
                if isFirst, afterWrite { try await interrupt() }
                isFirst = false
                if case .failed = last { continue }
                do throws(SinkFailure) {
                    try await sink.flush()
                    break
                } catch {
                    continue
                }
            } while true
            try await expectDurable(RecordedEvent.events(of: [BatchSlice(batch)]), "after an interruption")
        }
        await sink.close()
    }

    private mutating func expectDelivery(_ writes: [[BatchSlice]], _ what: String) async throws {
        let sink = try await make()
        _ = try await open(sink)
        for slices in writes { try await write(slices, to: sink) }
        try await sink.flush()
        // What a flush has covered is there before the sink is closed.
        try await expectDurable(writes.flatMap { RecordedEvent.events(of: $0) }, what)
        await sink.close()
    }

    private mutating func expectDurable(_ events: [RecordedEvent], _ what: String) async throws {
        sent += events
        var firsts: [RecordedEvent] = []
        for event in try await read() where !firsts.contains(event) { firsts.append(event) }
        let expected = keeps(sent)
        guard firsts == expected else {
            let place = zip(firsts, expected).prefix { $0 == $1 }.count
            throw Violation(
                description:
                    "Events \(what): \(expected.count) should be durable, \(firsts.count) are; they differ from the \(place + 1)th on."
            )
        }
    }

    /// Opens, again after a pause where that fails: a destination may need a while to notice that a connection is gone.
    private func open(_ sink: any Sink) async throws -> [SourceIdentity: Position] {
        var attempts = 1
        while true {
            do throws(SinkFailure) {
                return try await sink.open()
            } catch {
                guard attempts < 100 else {
                    throw Violation(description: "\(sink.name) cannot be opened: \(error)")
                }
            }
            attempts += 1
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func write(_ slices: [BatchSlice], to sink: any Sink) async throws {
        switch await sink.write(slices) {
        case .delivered: return
        case .rejected(let rejections):
            let words = rejections.first.map { "\($0.failure)" } ?? ""
            throw Violation(description: "\(sink.name) rejected \(rejections.count) good events: \(words)")
        case .refused(let failure), .failed(let failure):
            throw Violation(description: "\(sink.name) did not take a write: \(failure)")
        }
    }
}

extension EventBatch {
    fileprivate func firstRecord(after position: Position?) -> Int {
        guard let position else { return 0 }
        return records.firstIndex { $0.position > position } ?? records.count
    }
}
