import CoreIngest
import Logging
import Synchronization

/// Writes the checkpoint on a thread of its own, so that the disk never holds up the reader, and lets the reader know what may
/// be told to the server: only what was written first.
final class CheckpointKeeper: Sendable {
    /// Transactions that are noted at once, at most: one of many is enough.
    private static let mostMarks = 256
    /// Shortest time between two writes.
    static let pause: Duration = .milliseconds(100)

    private let store: any CheckpointStore
    private let reader: WakeSignal
    private let own: WakeSignal
    private let log: Logger
    private let state = Mutex(State())
    /// Held while the store is called: one caller at a time.
    private let storeLock = Mutex(())

    private struct State {
        var checkpoint: SourceCheckpoint?
        var wanted: LogSequenceNumber = .none
        /// Transactions that were handed over and may not be settled yet, in order.
        var marks: [CommitMark] = []
        var isStopping = false
        var hasEnded = true
        var failure: String?
    }

    init(store: any CheckpointStore, reader: WakeSignal, log: Logger) throws(SourceError) {
        self.store = store
        self.reader = reader
        self.log = log
        own = try WakeSignal()
    }

    /// Up to here the server may be told.
    var persisted: LogSequenceNumber { state.withLock { $0.checkpoint?.confirmed ?? .none } }
    var current: SourceCheckpoint? { state.withLock { $0.checkpoint } }
    /// Why the last write failed, if it did.
    var failure: String? { state.withLock { $0.failure } }

    func load() throws(SourceError) -> SourceCheckpoint? {
        do {
            let loaded = try storeLock.withLock { _ in try store.load() }
            state.withLock { $0.checkpoint = loaded }
            return loaded
        } catch {
            throw SourceError(.checkpointFailed, "cannot read the checkpoint: \(error); look at app.stateDir")
        }
    }

    /// Writes a new checkpoint now.
    func begin(_ checkpoint: SourceCheckpoint) throws(SourceError) {
        do {
            try storeLock.withLock { _ in
                try store.save(checkpoint)
                state.withLock { state in
                    state.checkpoint = checkpoint
                    state.wanted = .none
                    state.marks = []
                }
            }
        } catch {
            throw SourceError(.checkpointFailed, "cannot write the checkpoint: \(error); look at app.stateDir")
        }
    }

    /// This transaction was handed over: once it is settled it can bear witness.
    func note(_ mark: CommitMark) {
        state.withLock { if $0.marks.count < Self.mostMarks { $0.marks.append(mark) } }
    }

    /// Everything up to here is settled.
    func confirm(_ position: LogSequenceNumber) {
        state.withLock { $0.wanted = max($0.wanted, position) }
        own.fire()
    }

    func start() throws(SourceError) {
        state.withLock { state in
            state.isStopping = false
            state.hasEnded = false
        }
        do {
            try OwnThread.start(name: "pg-checkpoint") { [self] in run() }
        } catch {
            state.withLock { $0.hasEnded = true }
            throw error
        }
    }

    /// Writes what is left and ends the thread; returns when it has ended, or at the deadline.
    func stop(by deadline: ContinuousClock.Instant) {
        state.withLock { $0.isStopping = true }
        own.fire()
        while !state.withLock({ $0.hasEnded }), ContinuousClock.now < deadline {
            _ = Wait.until(min(deadline, .now + .milliseconds(50)), socket: -1, reading: false, signal: reader)
        }
    }

    private func run() {
        var next = ContinuousClock.now
        while true {
            let (due, stopping) = state.withLock { (Self.due($0), $0.isStopping) }
            if let due, stopping || ContinuousClock.now >= next {
                let saved = save(due)
                next = .now + (saved ? Self.pause : .seconds(1))
                if stopping { break }
                continue
            }
            if stopping { break }
            _ = Wait.until(due == nil ? nil : next, socket: -1, reading: false, signal: own)
        }
        state.withLock { $0.hasEnded = true }
        reader.fire()
    }

    /// What is to be written: the position moved on, and with it the snapshot may have become complete.
    private static func due(_ state: State) -> SourceCheckpoint? {
        guard var next = state.checkpoint, state.wanted > next.confirmed else {
            // A snapshot of a slot whose point is confirmed already counts as delivered as soon as that is said.
            guard var next = state.checkpoint, next.snapshot == .running, next.consistentPoint != .none,
                state.wanted >= next.consistentPoint
            else { return nil }
            next.snapshot = .done
            return next
        }
        next.confirmed = state.wanted
        next.witness = state.marks.last { $0.end <= next.confirmed } ?? next.witness
        if next.snapshot == .running, next.consistentPoint != .none, next.confirmed >= next.consistentPoint {
            next.snapshot = .done
        }
        return next
    }

    private func save(_ checkpoint: SourceCheckpoint) -> Bool {
        do {
            let isCurrent = try storeLock.withLock { _ in
                // The reader may have begun another history meanwhile.
                guard state.withLock({ $0.checkpoint?.isSameHistory(as: checkpoint) ?? false }) else { return false }
                try store.save(checkpoint)
                state.withLock { state in
                    state.checkpoint = checkpoint
                    state.marks.removeAll { $0.end <= checkpoint.confirmed }
                    state.failure = nil
                }
                return true
            }
            guard isCurrent else { return true }
        } catch {
            log.error("cannot write the checkpoint, the server keeps its log until it can be: \(error)")
            state.withLock { $0.failure = "\(error)" }
            return false
        }
        reader.fire()
        return true
    }
}
