package import Logging
import Synchronization

/// From the intake to the acknowledgement: gives every batch to every lane, and tells the sources what they may forget.
///
/// Set up with ``add(sink:settings:)`` and ``add(source:signals:)``, then ``run()``; sources may offer before it runs.
package final class Pipeline: Intake, Sendable {
    private let state: StateDirectory
    private let renderer: EventRenderer
    private let metrics: MetricsRegistry
    private let settings: PipelineSettings
    private let time: TimeSource
    private let logger: Logger
    private let settlement = Settlement()
    private let acknowledger: Acknowledger
    private let lanes = Mutex<[Lane]>([])
    private let acknowledged: @Sendable (SourceIdentity) -> UInt64?
    private let eventsIn: Counter
    private let bytesIn: Counter
    private let eventsInvalid: Counter
    private let stopping = Mutex<Duration?>(nil)
    private let stopSignal = Signal()
    private let running = Running()

    /// - `persist`: stores a source's acknowledged position, durable when it returns; called on a thread of its own. What it
    ///   throws is reported, and it is called again a second later; until then nothing is acknowledged.
    /// - `acknowledged`: what was stored by `persist` (or by the source itself) before this start: the source sends again what
    ///   came at or after it. Nil for an unknown history.
    /// - `clock`: for pauses and time limits.
    package init(
        state: StateDirectory, renderer: EventRenderer, metrics: MetricsRegistry,
        settings: PipelineSettings = PipelineSettings(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        acknowledged: @escaping @Sendable (SourceIdentity) -> UInt64? = { _ in nil },
        persist: @escaping @Sendable (SourceIdentity, UInt64) throws -> Void
    ) {
        self.state = state
        self.renderer = renderer
        self.metrics = metrics
        self.settings = settings
        self.logger = logger
        self.acknowledged = acknowledged
        time = TimeSource(clock)
        acknowledger = Acknowledger(settlement: settlement, persist: persist, time: time, logger: logger)
        eventsIn = metrics.counter("buz_events_in_total", "Events that were taken in.")
        bytesIn = metrics.counter("buz_bytes_in_total", "Bytes of events that were taken in.")
        eventsInvalid = metrics.counter("buz_events_invalid_total", "Events that failed validation.")
    }

    /// Adds a sink, before any source begins. Throws when its local state cannot be opened. At most one of each name.
    package func add(sink: any Sink, settings: LaneSettings) throws(StateError) {
        let lane = try Lane(
            sink: sink, settings: settings,
            requiredIndex: settings.deliveryRequired ? settlement.addRequiredLane() : nil, settlement: settlement,
            state: state, renderer: renderer, registry: metrics, time: time, logger: logger,
            acknowledged: acknowledged)
        lane.registerGauges(in: metrics)
        lanes.withLock { $0.append(lane) }
    }

    /// Adds a source, by its name in the configuration, before it begins. `yields`: it keeps its events on a disk of its own, and
    /// leaves room in the lanes to sources that cannot wait as well.
    package func add(source name: String, signals: any SourceSignals, yields: Bool = false) {
        settlement.add(source: name, signals: signals, yields: yields)
    }

    // MARK: Intake

    package func begin(_ source: SourceIdentity, continues: Predecessor? = nil) -> Position {
        let index = settlement.begin(source)
        let superseded = settlement.superseded
        if !superseded.isEmpty { for lane in lanes.withLock({ $0 }) { lane.forget(superseded) } }
        return lanes.withLock { $0 }.map { $0.begin(source, continues: continues, index: index) }.min() ?? .start
    }

    package func offer(
        _ builder: inout EventBatchBuilder, from source: SourceIdentity, acknowledge: UInt64
    ) -> Bool {
        guard !builder.isEmpty else {
            if acknowledge > 0 { advance(source, to: acknowledge) }
            return true
        }
        let index = settlement.begin(source)
        let lanes = lanes.withLock { $0 }
        let isSnapshot = builder.records.last.map { $0.flags.contains(.snapshot) || $0.operation.isControl } ?? false
        let yields = settlement.yields(index)
        if !admit(index, isSnapshot: isSnapshot, lanes, yields) {
            // Asked for first, then looked again: room that appeared in between is not missed.
            settlement.wantRoom()
            guard admit(index, isSnapshot: isSnapshot, lanes, yields) else { return false }
        }
        Validation.apply(to: &builder, reporting: settings.reporting)
        let batch = builder.seal(source: source, acknowledge: acknowledge, receivedAt: Timestamp.now())
        count(batch)
        let othersHaveRoom = Self.roomElsewhere(lanes, yields)
        let sequence = settlement.offered(
            index, token: acknowledge, last: batch.records.last?.position ?? .start)
        for lane in lanes {
            lane.accept(batch, source: index, sequence: sequence, othersHaveRoom: othersHaveRoom, yields: yields)
        }
        return true
    }

    package func advance(_ source: SourceIdentity, to position: UInt64) {
        settlement.advance(settlement.begin(source), to: position)
    }

    package func isSettled(_ source: SourceIdentity) -> Bool {
        settlement.index(of: source).map(settlement.isSettled) ?? true
    }

    private func admit(_ source: Int, isSnapshot: Bool, _ lanes: [Lane], _ yields: Bool) -> Bool {
        let othersHaveRoom = Self.roomElsewhere(lanes, yields)
        return lanes.allSatisfy {
            $0.admits(source: source, isSnapshot: isSnapshot, othersHaveRoom: othersHaveRoom, yields: yields)
        }
    }

    /// Whether a lane that is full itself would alone hold up the source.
    private static func roomElsewhere(_ lanes: [Lane], _ yields: Bool) -> Bool {
        lanes.contains { $0.hasMemoryRoom(yields: yields) }
    }

    private func count(_ batch: EventBatch) {
        eventsIn.add(batch.records.count)
        bytesIn.add(batch.byteCount)
        var invalid = 0
        for record in batch.records where record.isInvalid { invalid += 1 }
        if invalid > 0 { eventsInvalid.add(invalid) }
    }

    // MARK: Running

    /// Runs until ``stop(within:)`` or cancellation, and then until every lane has written what it holds in memory, or the time
    /// is over. What was not delivered by then is not acknowledged, and comes again.
    package func run() async {
        let lanes = lanes.withLock { $0 }
        running.began(lanes.count * 2)
        for lane in lanes {
            Self.start("lane \(lane.name)", running) { await lane.run() }
            Self.start("park \(lane.name)", running) { await lane.runParker() }
        }
        let acknowledging = ThreadExecutor(name: "acknowledge")
        acknowledging.start()
        let acknowledgements = Task(executorPreference: acknowledging) { [acknowledger] in await acknowledger.run() }
        let watch = Task { await self.watch(lanes) }

        await withTaskCancellationHandler {
            await stopSignal.wait()
        } onCancel: {
            stop(within: .seconds(10))
        }
        watch.cancel()
        let end = time.now() + (stopping.withLock { $0 } ?? .zero)
        for lane in lanes { lane.drain() }
        while running.count > 0 {
            let rest = end - time.now()
            if rest <= .zero { break }
            await running.ended.wait(atMost: rest, by: time)
        }
        for lane in lanes { lane.abandon() }
        acknowledger.stop()
        await acknowledgements.value
        acknowledging.stop()
    }

    /// Tasks that have not returned yet.
    private final class Running: Sendable {
        private let left = Atomic<Int>(0)
        let ended = Signal()

        func began(_ count: Int) { left.add(count, ordering: .sequentiallyConsistent) }

        var count: Int { left.load(ordering: .sequentiallyConsistent) }

        func oneEnded() {
            left.subtract(1, ordering: .sequentiallyConsistent)
            ended.send()
        }
    }

    /// Whether a lane's task has not returned: after ``run()`` only where a call of its sink does not.
    var hasRunningTasks: Bool { running.count > 0 }

    /// Runs a task on a thread of its own. Not in a task group: that would wait for a sink that hangs, for ever.
    private static func start(_ name: String, _ running: Running, _ body: @escaping @Sendable () async -> Void) {
        let thread = ThreadExecutor(name: name)
        thread.start()
        Task(executorPreference: thread) {
            await body()
            running.oneEnded()
            thread.stop()
        }
    }

    /// Lets ``run()`` return: lanes write what they hold in memory, for at most this long. Offer nothing afterwards.
    package func stop(within limit: Duration) {
        stopping.withLock { $0 = limit }
        stopSignal.send()
    }

    /// A sink that stalls sends no signal: only the time says so, and then a source that waits may go on by way of the park, and
    /// what waits in memory goes there too.
    private func watch(_ lanes: [Lane]) async {
        var stalled: Set<String> = []
        while (try? await time.sleep(settings.watchInterval)) != nil {
            for lane in lanes {
                let now = time.now()
                let isStalled = lane.health.withLock { $0.isStalled(at: now, after: lane.settings.stallAfter) }
                if isStalled, stalled.insert(lane.name).inserted {
                    lane.logger.warning(
                        "A call of the sink has not returned for \(lane.settings.stallAfter); its events are parked.")
                } else if !isStalled, stalled.remove(lane.name) != nil {
                    lane.logger.notice("The sink answers again.")
                }
                lane.parkWhereHeldUp()
                if lane.letsYieldedGoOn() || isStalled { settlement.roomMayBeThere() }
            }
        }
    }

    // MARK: Status

    package var status: PipelineStatus {
        PipelineStatus(
            lanes: lanes.withLock { $0 }.map(\.statusWithTables),
            sources: settlement.sources.map {
                PipelineStatus.Source(
                    identity: $0.identity, lastPosition: $0.lastPosition, acknowledged: $0.told,
                    isHeld: $0.tracker.isHeld, isSettled: $0.tracker.isSettled)
            },
            acknowledgementError: acknowledger.lastError)
    }

    /// Every sink has everything that was offered, on disk or in the destination, nothing is parked, and all is acknowledged.
    package var isIdle: Bool { lanes.withLock { $0 }.allSatisfy(\.isIdle) && settlement.isAllTold }
}
