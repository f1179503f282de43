import Synchronization

@testable import CoreIngest

/// A destination that outlives the processes that write to it.
final class WalkDestination: Sendable {
    let durable = Mutex<[Position]>([])

    /// The positions in the order in which they came first.
    var firsts: [Position] {
        var seen: Set<Position> = []
        return durable.withLock { $0 }.filter { seen.insert($0).inserted }
    }
}

/// A sink that fails at random, until it is healed; after ``kill()`` nothing of it reaches the destination any more.
final class WalkSink: Sink {
    private struct State {
        var generator: SeededGenerator
        var taken: [Position] = []
        /// Of a hundred calls so many go wrong.
        var faults: Int
        var isDown = false
        var isDead = false
    }

    let name: String
    let takesInvalidEvents = true
    private let storesPositions: Bool
    private let destination: WalkDestination
    private let state: Mutex<State>

    init(_ name: String, to destination: WalkDestination, seed: UInt64, faults: Int, storesPositions: Bool) {
        self.name = name
        self.destination = destination
        self.storesPositions = storesPositions
        state = Mutex(State(generator: SeededGenerator(state: seed), faults: faults))
    }

    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    func kill() { state.withLock { $0.isDead = true } }

    private enum Chance {
        case well
        case fail(SinkFailure)
        /// It is done all the same.
        case lie(SinkFailure)
        case hang
    }

    private func chance() -> Chance {
        state.withLock { state in
            let reopen = Bool.random(using: &state.generator)
            let failure = SinkFailure(.unavailable, "a walk", reopen: reopen)
            if state.isDead || state.isDown { return .fail(failure) }
            guard Int.random(in: 0..<100, using: &state.generator) < state.faults else { return .well }
            switch Int.random(in: 0..<4, using: &state.generator) {
            case 0: return .hang
            case 1: return .lie(failure)
            default: return .fail(failure)
            }
        }
    }

    private func hang() async { try? await Task.sleep(for: .milliseconds(12)) }

    func open() async throws(SinkFailure) -> [SourceIdentity: Position] {
        switch chance() {
        case .fail(let failure), .lie(let failure): throw failure
        case .hang: await hang()
        case .well: break
        }
        state.withLock { $0.taken = [] }
        guard storesPositions, let last = destination.durable.withLock({ $0.last }) else { return [:] }
        return [DeliveryRig.identity: last]
    }

    func write(_ slices: [BatchSlice]) async -> WriteOutcome {
        let chance = chance()
        switch chance {
        case .fail(let failure): return .failed(failure)
        case .hang: await hang()
        case .lie, .well: break
        }
        state.withLock { $0.taken += slices.flatMap { slice in slice.batch.records[slice.range].map(\.position) } }
        if case .lie(let failure) = chance { return .failed(failure) }
        return .delivered
    }

    func flush() async throws(SinkFailure) {
        let chance = chance()
        switch chance {
        case .fail(let failure): throw failure
        case .hang: await hang()
        case .lie, .well: break
        }
        let isDone = state.withLock { state in
            guard !state.isDead else { return false }
            destination.durable.withLock { $0 += state.taken }
            state.taken = []
            return true
        }
        guard isDone else { throw SinkFailure(.unavailable, "the process is dead") }
        if case .lie(let failure) = chance { throw failure }
    }

    func close() async {}
}
