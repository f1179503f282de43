import Logging
import Synchronization

/// The way from the intake to one sink: a bounded queue, and a task on a thread of its own that writes, retries, dead-letters,
/// and, when it cannot keep up, a second one that parks on disk.
///
/// Lanes share batches and nothing else.
final class Lane: Sendable {
    let sink: any Sink
    let settings: LaneSettings
    /// Among the lanes whose delivery is required; nil where it is not.
    let requiredIndex: Int?
    let settlement: Settlement
    let park: Park
    let deadLetters: DeadLetterStore
    let renderer: EventRenderer
    let metrics: LaneMetrics
    let time: TimeSource
    let logger: Logger

    let queue: Mutex<LaneQueue>
    let health = Mutex(LaneHealth())
    let tables = Mutex(TableLags())
    /// Wakes the writer: something is queued.
    let wake = Signal()
    /// Wakes the parker.
    let parkWake = Signal()
    /// Cuts a writer's pause short.
    let interrupt = Signal()
    let parkInterrupt = Signal()
    private let isDraining = Atomic<Bool>(false)
    private let isAbandoned = Atomic<Bool>(false)
    /// Kinds of refused events that are in the log.
    let toldRefusals = Mutex<Set<String>>([])
    /// Beyond these, refusals are only counted.
    static let mostToldRefusals = 100
    /// Sources whose loss of place is in the log.
    private let lossesReported = Mutex<Set<Int>>([])
    /// Sources that were asked to go back, once each time the place is lost.
    let replaysAsked = Mutex<Set<Int>>([])
    /// Whether it is in the log that dead letters leave no room for those of sources that yield.
    let yieldedIsHeld = Atomic<Bool>(false)
    /// By history: the one that it continues.
    private let predecessors = Mutex<[SourceIdentity: Predecessor]>([:])

    init(
        sink: any Sink, settings: LaneSettings, requiredIndex: Int?, settlement: Settlement, state: StateDirectory,
        renderer: EventRenderer, registry: MetricsRegistry, time: TimeSource, logger: Logger,
        acknowledged: (SourceIdentity) -> UInt64?
    ) throws(StateError) {
        self.sink = sink
        self.settings = settings
        self.requiredIndex = requiredIndex
        self.settlement = settlement
        self.renderer = renderer
        self.time = time
        var logger = logger
        logger[metadataKey: "sink"] = "\(sink.name)"
        self.logger = logger
        metrics = LaneMetrics(sink: sink.name, registry: registry)
        deadLetters = try DeadLetterStore(state, sink: sink.name, maxBytes: settings.deadLetterBytes)
        var queue = LaneQueue(settings: settings)
        // What an earlier run parked is delivered also where parking is off by now.
        let folder = try state.directory("park") + "/" + StateDirectory.fileName(sink.name)
        let park = try Park(
            directory: folder, segmentBytes: settings.park.segmentBytes, acknowledged: acknowledged)
        queue.restore(
            parkedBatches: park.recovered.batches, bytes: park.bytes, positions: park.recovered.positions)
        self.queue = Mutex(queue)
        self.park = park
        for damage in park.recovered.damages { logger.warning("\(damage)") }
        if park.recovered.batches > 0 {
            logger.info("\(park.recovered.events) parked events of an earlier run are delivered first.")
        }
    }

    var name: String { sink.name }
    var isRequired: Bool { requiredIndex != nil }
    var draining: Bool { isDraining.load(ordering: .sequentiallyConsistent) }
    var abandoned: Bool { isAbandoned.load(ordering: .sequentiallyConsistent) }

    // MARK: The intake's side

    var isInTrouble: Bool {
        let now = time.now()
        return health.withLock { $0.isInTrouble(at: now, stallAfter: settings.stallAfter) }
    }

    /// `yields`: for a source that leaves room to others.
    func hasMemoryRoom(yields: Bool) -> Bool { queue.withLock { $0.hasMemoryRoom(yields: yields) } }

    /// Whether a batch could be handed over now.
    func admits(source: Int, isSnapshot: Bool, othersHaveRoom: Bool, yields: Bool) -> Bool {
        if yields, holdsYielded() { return false }
        // The common case asks nothing else.
        if hasMemoryRoom(yields: yields) { return true }
        let inTrouble = isInTrouble
        return queue.withLock {
            $0.admission(
                source: source, isSnapshot: isSnapshot, inTrouble: inTrouble, othersHaveRoom: othersHaveRoom,
                yields: yields) != .refuse
        }
    }

    func accept(_ batch: EventBatch, source: Int, sequence: UInt64, othersHaveRoom: Bool, yields: Bool) {
        let inTrouble = hasMemoryRoom(yields: yields) ? false : isInTrouble
        let admission = queue.withLock {
            $0.push(
                batch, source: source, sequence: sequence, inTrouble: inTrouble, othersHaveRoom: othersHaveRoom,
                yields: yields)
        }
        switch admission {
        case .memory, .park: tables.withLock { $0.took(batch) }
        case .overflow, .drop, .refuse: break
        }
        switch admission {
        case .memory: wake.send()
        case .park, .overflow(.deadletter): parkWake.send()
        case .overflow(.discard): metrics.discarded.add(batch.records.count)
        case .drop:
            if let requiredIndex { settlement.lostPlace(source, lane: requiredIndex, at: sequence) }
            if lossesReported.withLock({ $0.insert(source).inserted }) {
                let (name, keepsOnDisk) = settlement.keeper(source)
                let place = keepsOnDisk ? "its spool keeps them" : "Postgres keeps its WAL"
                logger.error(
                    "The park is full: events of input \(name) are held back until this sink recovers; \(place) meanwhile."
                )
            }
            // The lane may have recovered before it lost its place, and be at rest by now.
            wake.send()
        case .refuse: break
        }
    }

    /// A source has begun: the lane takes part again if it had lost its place and has recovered.
    func begin(_ identity: SourceIdentity, continues: Predecessor?, index: Int) -> Position {
        if let continues { predecessors.withLock { $0[identity] = continues } }
        let inTrouble = isInTrouble
        let (position, isBack) = queue.withLock { queue in
            let isBack = queue.begin(source: index, inTrouble: inTrouble)
            return (queue.positions[identity] ?? .start, isBack)
        }
        // Where it could not take part yet, it asks again.
        replaysAsked.withLock { _ = $0.remove(index) }
        if isBack {
            lossesReported.withLock { _ = $0.remove(index) }
            if let requiredIndex {
                let last = settlement.resumed(index, lane: requiredIndex)
                var nothing = EventBatchBuilder(capacity: 0)
                let mark = nothing.seal(source: identity, acknowledge: 0, receivedAt: Timestamp.now())
                queue.withLock { $0.mark(mark, source: index, sequence: last) }
            }
            logger.notice("The sink is back at its place; the source sends again what it missed.")
        }
        wake.send()
        return position
    }

    /// These histories are not read any more: what the lane lost of them, their source will not send again.
    func forget(_ sources: [Int]) {
        queue.withLock { queue in for source in sources { queue.forget(source: source) } }
        replaysAsked.withLock { $0.subtract(sources) }
        lossesReported.withLock { $0.subtract(sources) }
    }

    /// The history that one continues; nil where it is none's, or not known yet.
    func predecessor(of source: SourceIdentity) -> Predecessor? { predecessors.withLock { $0[source] } }

    /// What the destination has of a history: by itself, or from the history that it continues.
    func durable(_ source: SourceIdentity, _ known: [SourceIdentity: Position]) -> Position {
        let own = known[source] ?? .start
        guard let before = predecessor(of: source), let position = known[before.identity] else { return own }
        return max(own, before.inherited(position))
    }

    // MARK: Stopping

    /// Finish what is in memory, then end.
    func drain() {
        // A sink that is down will not take it.
        if isInTrouble { parkAll() }
        isDraining.store(true, ordering: .sequentiallyConsistent)
        wake.send()
        parkWake.send()
        interrupt.send()
    }

    /// End as soon as the call in progress returns.
    func abandon() {
        isAbandoned.store(true, ordering: .sequentiallyConsistent)
        wake.send()
        parkWake.send()
        interrupt.send()
        parkInterrupt.send()
    }

    /// Nothing waits, nothing is being written, nothing is parked, all is flushed.
    var isIdle: Bool {
        queue.withLock { $0.isEmpty } && health.withLock { $0.windowIsEmpty && $0.wasOpened && $0.attempts == 0 }
    }
}
