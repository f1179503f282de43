public import CoreIngest
import Synchronization

/// One event as a sink saw it.
public struct RecordedEvent: Sendable, Equatable {
    /// All 128 bits of the event's id.
    public var uuidHigh: UInt64
    /// The id's lower half.
    public var uuidLow: UInt64
    /// Where it stands in its source.
    public var position: Position
    /// What happened.
    public var operation: CoreIngest.Operation
    /// JSON.
    public var key: String
    /// JSON.
    public var payload: String

    /// The event of one record.
    public init(_ record: EventRecord, of batch: EventBatch) {
        uuidHigh = record.uuidHigh
        uuidLow = record.uuidLow
        position = record.position
        operation = record.operation
        key = batch.text(of: record.key)
        payload = batch.text(of: record.payload)
    }

    /// All events of some slices, control marks left out.
    public static func events(of slices: [BatchSlice]) -> [RecordedEvent] {
        slices.flatMap { slice in
            slice.range.compactMap { index in
                let record = slice.batch.records[index]
                return record.operation.isControl ? nil : RecordedEvent(record, of: slice.batch)
            }
        }
    }
}

/// A sink that keeps what it is given. Optionally it stores positions, as a destination with transactions would.
public final class RecordingSink: Sink {
    private struct State {
        var taken: [RecordedEvent] = []
        var durable: [RecordedEvent] = []
        var takenPositions: [SourceIdentity: Position] = [:]
        var durablePositions: [SourceIdentity: Position] = [:]
        var writes: [Int] = []
        var opens = 0
        var closes = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    /// The name in the configuration.
    public let name: String
    /// See ``Sink/takesInvalidEvents``.
    public let takesInvalidEvents: Bool
    private let storesPositions: Bool
    private let state = Mutex(State())

    /// `storesPositions`: answers at ``open()`` up to where each history is durable.
    public init(name: String = "recording", takesInvalidEvents: Bool = true, storesPositions: Bool = false) {
        self.name = name
        self.takesInvalidEvents = takesInvalidEvents
        self.storesPositions = storesPositions
    }

    /// Events that are flushed, in order.
    public var events: [RecordedEvent] { state.withLock { $0.durable } }
    /// Events in each write.
    public var writes: [Int] { state.withLock { $0.writes } }
    /// Calls of ``open()``.
    public var opens: Int { state.withLock { $0.opens } }
    /// Calls of ``close()``.
    public var closes: Int { state.withLock { $0.closes } }

    /// Returns once at least so many events are flushed.
    public func waitForEvents(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.durable.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Forgets what was taken and not flushed, as a lost connection does.
    public func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        state.withLock { state in
            state.opens += 1
            state.taken = []
            state.takenPositions = state.durablePositions
            return storesPositions ? state.durablePositions : [:]
        }
    }

    /// Takes everything.
    public func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        let events = RecordedEvent.events(of: slices)
        state.withLock { state in
            state.writes.append(events.count)
            state.taken += events
            for slice in slices {
                guard let last = slice.range.last else { continue }
                state.takenPositions[slice.batch.source] = slice.batch.records[last].position
            }
        }
        return .delivered
    }

    /// Makes durable what was taken.
    public func flush() async throws(SinkFailure) {
        let told = state.withLock { state in
            state.durable += state.taken
            state.taken = []
            state.durablePositions = state.takenPositions
            let count = state.durable.count
            let told = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return told.map(\.continuation)
        }
        for continuation in told { continuation.resume() }
    }

    /// Counts the call.
    public func close() async { state.withLock { $0.closes += 1 } }
}
