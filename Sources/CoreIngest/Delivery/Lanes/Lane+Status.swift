import Synchronization

extension Lane {
    /// How the lane is doing, how far behind each table is, and what the sink used.
    var statusWithTables: LaneStatus {
        var status = status
        status.tables = tables.withLock { $0.all(at: Timestamp.now()) }
        status.usage = (sink as? any MeteredSink)?.usage ?? []
        return status
    }

    var status: LaneStatus {
        let now = time.now()
        let queue = queue.withLock { $0 }
        let health = health.withLock { $0 }
        let state: LaneStatus.State
        if !queue.lostSources.isEmpty || queue.isFull && health.isInTrouble(at: now, stallAfter: settings.stallAfter) {
            state = .holding
        } else if health.isStalled(at: now, after: settings.stallAfter) {
            state = .stalled
        } else if health.attempts > 0 {
            state = queue.isParking ? .parking : .retrying
        } else if queue.isParking {
            state = .parking
        } else {
            state = health.wasOpened ? .ok : .starting
        }
        let oldest = [health.windowReceivedAt, queue.oldestReceivedAt].compactMap { $0 }.min()
        return LaneStatus(
            sink: name, isRequired: isRequired, state: state, attempts: health.attempts,
            lastError: health.diskError ?? health.lastError,
            lastErrorAt: health.diskError == nil ? health.lastErrorAt : Timestamp.now(),
            isFailing: health.diskError != nil || health.attempts > 0, failingSince: health.failingSince,
            queuedEvents: queue.waitingEvents, queuedBytes: queue.waitingBytes,
            parkedBatches: queue.parkedUnread, parkedBytes: queue.parkedBytes, deadLetters: deadLetters.count,
            deliveredEvents: metrics.delivered.value, discardedEvents: metrics.discarded.value,
            lastPosition: health.lastPosition,
            lagSeconds: oldest.map { max(0, Double(Timestamp.now() - $0) / 1e6) } ?? 0, wasOpened: health.wasOpened,
            failureCode: health.failureCode)
    }

    /// Gauges that are computed when metrics are read.
    func registerGauges(in registry: MetricsRegistry) {
        let labels: KeyValuePairs = ["sink": name]
        registry.gauge("buz_sink_queue_events", "Events that wait in memory.", labels: labels) { [weak self] in
            Double(self?.queue.withLock { $0.waitingEvents } ?? 0)
        }
        registry.gauge("buz_sink_queue_bytes", "Bytes that wait in memory.", labels: labels) { [weak self] in
            Double(self?.queue.withLock { $0.waitingBytes } ?? 0)
        }
        registry.gauge("buz_sink_queue_limit_bytes", "Bound of the queue in memory.", labels: labels) { [settings] in
            Double(settings.queueBytes)
        }
        registry.gauge("buz_sink_parked_bytes", "Bytes that wait on disk.", labels: labels) { [weak self] in
            Double(self?.queue.withLock { $0.parkedBytes } ?? 0)
        }
        registry.gauge("buz_sink_park_limit_bytes", "Bound of what waits on disk.", labels: labels) { [settings] in
            Double(settings.park.maxBytes)
        }
        registry.gauge("buz_sink_dead_letters", "Local dead letters now.", labels: labels) { [weak self] in
            Double(self?.deadLetters.count ?? 0)
        }
        registry.gauge("buz_sink_dead_letter_bytes", "Bytes of local dead letters.", labels: labels) { [weak self] in
            Double(self?.deadLetters.usedBytes ?? 0)
        }
        registry.gauge("buz_sink_dead_letter_limit_bytes", "Bound of local dead letters.", labels: labels) {
            [settings] in
            Double(settings.deadLetterBytes)
        }
        registry.gauge("buz_sink_lag_seconds", "Age of the oldest event not delivered.", labels: labels) {
            [weak self] in
            self?.status.lagSeconds ?? 0
        }
        for state in [LaneStatus.State.retrying, .stalled, .parking, .holding] {
            registry.gauge(
                "buz_sink_state", "1 for the state the sink is in, where it is not well.",
                labels: ["sink": name, "state": state.rawValue]
            ) { [weak self] in self?.status.state == state ? 1 : 0 }
        }
    }
}
