/// The numbers of one lane that grow; made at set-up.
struct LaneMetrics: Sendable {
    let delivered: Counter
    let deliveredBytes: Counter
    let deadLettered: Counter
    let discarded: Counter
    let failures: Counter
    let parked: Counter
    let writeSeconds: Histogram
    let flushSeconds: Histogram

    init(sink: String, registry: MetricsRegistry) {
        let labels: KeyValuePairs = ["sink": sink]
        delivered = registry.counter("buz_sink_events_total", "Events that the sink took.", labels: labels)
        deliveredBytes = registry.counter(
            "buz_sink_bytes_total", "Bytes of payload that the sink took.", labels: labels)
        deadLettered = registry.counter(
            "buz_sink_dead_letters_total", "Events put into the local dead letters.", labels: labels)
        discarded = registry.counter(
            "buz_sink_discarded_events_total", "Events that were discarded by policy.", labels: labels)
        failures = registry.counter(
            "buz_sink_failures_total", "Calls of the sink that failed and were retried.", labels: labels)
        parked = registry.counter("buz_sink_parked_events_total", "Events that were parked on disk.", labels: labels)
        writeSeconds = registry.histogram("buz_sink_write_duration_seconds", "Duration of writes.", labels: labels)
        flushSeconds = registry.histogram("buz_sink_flush_duration_seconds", "Duration of flushes.", labels: labels)
    }
}
