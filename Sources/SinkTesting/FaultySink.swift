public import CoreIngest
import Synchronization

/// A sink that fails as told, around a ``RecordingSink`` that keeps what gets through.
public final class FaultySink: Sink {
    /// What is to go wrong in one call; the call after it is well again.
    public enum Fault: Sendable {
        /// Nothing is taken.
        case fail(SinkFailure)
        /// Everything is taken, and yet the call says it failed: an answer that was lost.
        case takeAndFail(SinkFailure)
        /// The call does not return before ``release()``, and then does as it should.
        case hang
    }

    /// How an event that ``poison`` chooses is refused.
    public enum Refusal: Sendable {
        /// The whole write is refused, without a word on which event is to blame.
        case whole
        /// The event is named, the others are taken.
        case named
    }

    private struct State {
        var opens: [Fault] = []
        var writes: [Fault] = []
        var flushes: [Fault] = []
        var outage: SinkFailure?
        var isReleased = false
        var hanging: [CheckedContinuation<Void, Never>] = []
        var hangWatchers: [CheckedContinuation<Void, Never>] = []
        var isPoison: (@Sendable (RecordedEvent) -> Bool)?
        var refusal = Refusal.whole
        var calls = 0
    }

    /// What got through.
    public let recording: RecordingSink
    private let state = Mutex(State())

    /// A sink without faults so far.
    public init(name: String = "faulty", takesInvalidEvents: Bool = true, storesPositions: Bool = false) {
        recording = RecordingSink(name: name, takesInvalidEvents: takesInvalidEvents, storesPositions: storesPositions)
    }

    /// The name in the configuration.
    public var name: String { recording.name }
    /// See ``Sink/takesInvalidEvents``.
    public var takesInvalidEvents: Bool { recording.takesInvalidEvents }
    /// Calls of ``write(_:)`` so far.
    public var calls: Int { state.withLock { $0.calls } }

    /// The next calls of ``open()`` go wrong in these ways.
    public func scriptOpens(_ faults: Fault...) { state.withLock { $0.opens += faults } }
    /// The next calls of ``write(_:)`` go wrong in these ways.
    public func scriptWrites(_ faults: Fault...) { state.withLock { $0.writes += faults } }
    /// The next calls of ``flush()`` go wrong in these ways.
    public func scriptFlushes(_ faults: Fault...) { state.withLock { $0.flushes += faults } }
    /// Every write fails this way until it is nil again.
    public func setOutage(_ failure: SinkFailure?) { state.withLock { $0.outage = failure } }
    /// Events that are refused for ever.
    public func poison(_ refusal: Refusal = .whole, where isPoison: @escaping @Sendable (RecordedEvent) -> Bool) {
        state.withLock {
            $0.refusal = refusal
            $0.isPoison = isPoison
        }
    }
    /// No event is refused any more.
    public func cure() { state.withLock { $0.isPoison = nil } }

    /// Lets hanging calls go on; those that would hang later do not.
    public func release() {
        let waiting = state.withLock { state in
            defer { state.hanging = [] }
            state.isReleased = true
            return state.hanging
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once a call hangs.
    public func waitUntilHanging() async {
        await withCheckedContinuation { continuation in
            let hangs = state.withLock { state in
                if !state.hanging.isEmpty { return true }
                state.hangWatchers.append(continuation)
                return false
            }
            if hangs { continuation.resume() }
        }
    }

    private func hang() async {
        await withCheckedContinuation { continuation in
            let (goesOn, watchers) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                if state.isReleased { return (true, []) }
                state.hanging.append(continuation)
                defer { state.hangWatchers = [] }
                return (false, state.hangWatchers)
            }
            for watcher in watchers { watcher.resume() }
            if goesOn { continuation.resume() }
        }
    }

    /// Opens, or fails as scripted.
    public func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        switch state.withLock({ $0.opens.isEmpty ? nil : $0.opens.removeFirst() }) {
        case .fail(let failure): throw failure
        case .takeAndFail(let failure):
            _ = try await recording.open()
            throw failure
        case .hang: await hang()
        case nil: break
        }
        return try await recording.open()
    }

    /// Writes, or fails as scripted.
    public func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        let (fault, outage) = state.withLock { state in
            state.calls += 1
            return (state.writes.isEmpty ? nil : state.writes.removeFirst(), state.outage)
        }
        switch fault {
        case .fail(let failure): return .failed(failure)
        case .takeAndFail(let failure):
            _ = await recording.write(slices)
            return .failed(failure)
        case .hang: await hang()
        case nil: if let outage { return .failed(outage) }
        }
        return await writeWithoutPoison(slices)
    }

    private func writeWithoutPoison(_ slices: [BatchSlice]) async -> WriteOutcome {
        let (isPoison, refusal) = state.withLock { ($0.isPoison, $0.refusal) }
        guard let isPoison else { return await recording.write(slices) }
        let failure = SinkFailure(.malformed, "the destination does not take value 42 of this event")
        var rejections: [Rejection] = []
        var rest: [BatchSlice] = []
        for (index, slice) in slices.enumerated() {
            for record in slice.range {
                let one = BatchSlice(slice.batch, range: record..<record + 1)
                if RecordedEvent.events(of: [one]).contains(where: isPoison) {
                    rejections.append(Rejection(slice: index, record: record, failure: failure))
                } else {
                    rest.append(one)
                }
            }
        }
        if rejections.isEmpty { return await recording.write(slices) }
        switch refusal {
        case .whole: return .refused(failure)
        case .named:
            _ = await recording.write(rest)
            return .rejected(rejections)
        }
    }

    /// Flushes, or fails as scripted.
    public func flush() async throws(SinkFailure) {
        switch state.withLock({ $0.flushes.isEmpty ? nil : $0.flushes.removeFirst() }) {
        case .fail(let failure): throw failure
        case .takeAndFail(let failure):
            try await recording.flush()
            throw failure
        case .hang: await hang()
        case nil: break
        }
        try await recording.flush()
    }

    /// Closes the recording.
    public func close() async { await recording.close() }
}
