import Synchronization

/// What all lanes have settled, source by source, and the way back to the sources. Any thread.
final class Settlement: Sendable {
    struct Source: Sendable {
        let identity: SourceIdentity
        let signals: any SourceSignals
        var tracker: AcknowledgementTracker
        var lastPosition: Position = .start
        /// Persisted, and told to the source.
        var told: UInt64 = 0
        /// The source reads another history by now: nothing more comes of this one, and nothing of it can be acknowledged.
        var isSuperseded = false
        /// It leaves room to sources that do not.
        var yields = false
    }

    /// An acknowledgement that is to be persisted and told.
    struct Due: Sendable {
        var index: Int
        var identity: SourceIdentity
        var token: UInt64
        var signals: any SourceSignals
    }

    private struct State {
        var signals: [String: any SourceSignals] = [:]
        var yielding: Set<String> = []
        var sources: [Source] = []
        var indices: [SourceIdentity: Int] = [:]
        var requiredLanes = 0
    }

    private let state = Mutex(State())
    private let roomIsWanted = Atomic<Bool>(false)
    /// Sent when something can be acknowledged.
    let changed = Signal()

    func add(source name: String, signals: any SourceSignals, yields: Bool) {
        state.withLock { state in
            state.signals[name] = signals
            if yields { state.yielding.insert(name) }
        }
    }

    /// The index of one more lane whose delivery is required. Only before the first source begins.
    func addRequiredLane() -> Int {
        state.withLock { state in
            precondition(state.sources.isEmpty, "Sinks are added before sources begin.")
            defer { state.requiredLanes += 1 }
            return state.requiredLanes
        }
    }

    /// The index of a source's history; made when it is new, in place of the source's earlier ones. The source's name must have
    /// been added.
    func begin(_ identity: SourceIdentity) -> Int {
        state.withLock { state in
            if let known = state.indices[identity] { return known }
            guard let signals = state.signals[identity.name] else {
                preconditionFailure("The source \(identity.name) was not added to the pipeline.")
            }
            for index in state.sources.indices where state.sources[index].identity.name == identity.name {
                state.sources[index].isSuperseded = true
            }
            state.sources.append(
                Source(
                    identity: identity, signals: signals, tracker: AcknowledgementTracker(lanes: state.requiredLanes),
                    yields: state.yielding.contains(identity.name)))
            state.indices[identity] = state.sources.count - 1
            return state.sources.count - 1
        }
    }

    func index(of identity: SourceIdentity) -> Int? { state.withLock { $0.indices[identity] } }

    /// Whether a source leaves room to others, and there are others.
    func yields(_ index: Int) -> Bool {
        state.withLock { $0.sources[index].yields && $0.signals.count > $0.yielding.count }
    }

    /// The name of a source, and whether it keeps its events on a disk of its own.
    func keeper(_ index: Int) -> (name: String, keepsOnDisk: Bool) {
        state.withLock { ($0.sources[index].identity.name, $0.sources[index].yields) }
    }

    func offered(_ index: Int, token: UInt64, last: Position) -> UInt64 {
        change(index) { source in
            source.lastPosition = max(source.lastPosition, last)
            return source.tracker.offered(token: token)
        }
    }

    func advance(_ index: Int, to token: UInt64) { change(index) { $0.tracker.advance(to: token) } }

    func settled(_ index: Int, lane: Int, through sequence: UInt64) {
        change(index) { $0.tracker.settled(lane: lane, through: sequence) }
    }

    func lostPlace(_ index: Int, lane: Int, at sequence: UInt64) {
        change(index) { $0.tracker.lostPlace(lane: lane, at: sequence) }
    }

    func resumed(_ index: Int, lane: Int) -> UInt64 { change(index) { $0.tracker.resumed(lane: lane) } }

    func isSettled(_ index: Int) -> Bool { state.withLock { $0.sources[index].tracker.isSettled } }

    private func change<Result>(_ index: Int, _ body: (inout Source) -> Result) -> Result {
        let (result, isDue) = state.withLock { state in
            let result = body(&state.sources[index])
            let source = state.sources[index]
            return (result, source.tracker.acknowledged > source.told)
        }
        if isDue { changed.send() }
        return result
    }

    // MARK: Acknowledging

    func due() -> [Due] {
        state.withLock { state in
            state.sources.enumerated().compactMap { index, source in
                source.tracker.acknowledged > source.told
                    ? Due(
                        index: index, identity: source.identity, token: source.tracker.acknowledged,
                        signals: source.signals)
                    : nil
            }
        }
    }

    /// The token has been persisted: tells the source.
    func tell(_ due: Due) {
        state.withLock { $0.sources[due.index].told = max($0.sources[due.index].told, due.token) }
        due.signals.acknowledged(due.identity, upTo: due.token)
    }

    /// Everything that was offered is settled, and all of it told.
    var isAllTold: Bool {
        state.withLock {
            $0.sources.allSatisfy { $0.isSuperseded || $0.tracker.isSettled && $0.told >= $0.tracker.acknowledged }
        }
    }

    // MARK: Signals to the sources

    /// An offer was refused: the next room that appears is to be told.
    func wantRoom() { roomIsWanted.store(true, ordering: .sequentiallyConsistent) }

    /// There may be room again.
    func roomMayBeThere() {
        guard roomIsWanted.load(ordering: .relaxed),
            roomIsWanted.exchange(false, ordering: .sequentiallyConsistent)
        else { return }
        for signals in state.withLock({ Array($0.signals.values) }) { signals.roomAvailable() }
    }

    func askForReplay(_ index: Int) {
        let source = state.withLock { $0.sources[index] }
        source.signals.replayNeeded(source.identity)
    }

    /// Those that are read.
    var sources: [Source] { state.withLock { $0.sources.filter { !$0.isSuperseded } } }

    /// Histories that are not read any more, by index.
    var superseded: [Int] {
        state.withLock { state in state.sources.indices.filter { state.sources[$0].isSuperseded } }
    }
}
