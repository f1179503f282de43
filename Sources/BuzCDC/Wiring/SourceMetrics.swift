import CoreIngest
import LogicalDecoding

/// Shows what a source says of itself as metrics. All are read from its status when Prometheus asks.
enum SourceMetrics {
    static func register(_ name: String, in metrics: MetricsRegistry, status: @escaping @Sendable () -> SourceStatus) {
        let labels: KeyValuePairs = ["source": name]
        metrics.gauge(
            "buz_source_streaming", "1 while changes are streamed or a snapshot is read, else 0.", labels: labels
        ) {
            let state = status().state
            return state == .streaming || state == .snapshot ? 1 : 0
        }
        metrics.gauge("buz_source_paused", "1 while intake has no room, else 0.", labels: labels) {
            status().isPaused ? 1 : 0
        }
        metrics.gauge(
            "buz_source_held", "1 while a table's new schema waits for approval and nothing is read, else 0.",
            labels: labels
        ) { status().held == nil ? 0 : 1 }
        metrics.gauge(
            "buz_source_lag_bytes", "Bytes of log that the server has and the source has not handed over.",
            labels: labels
        ) { Double(status().lagBytes) }
        metrics.gauge(
            "buz_source_unacknowledged_bytes", "Bytes of log from the acknowledged position to the server's end.",
            labels: labels
        ) {
            let now = status()
            return now.serverEnd > now.acknowledged ? Double(now.serverEnd.rawValue - now.acknowledged.rawValue) : 0
        }
        metrics.gauge(
            "buz_source_retained_wal_bytes", "Bytes of log that the server keeps for the slot.", labels: labels
        ) { Double(status().slot?.retainedBytes ?? 0) }
        metrics.gauge("buz_source_slot_lost", "1 when the slot has lost its log, else 0.", labels: labels) {
            status().slot?.isLost == true ? 1 : 0
        }
        metrics.gauge(
            "buz_source_last_message_timestamp_seconds", "When the server was last heard.", labels: labels
        ) { Double(status().lastMessageAt) / 1_000_000 }
        metrics.gauge("buz_source_snapshot_share", "How much of a snapshot is done, from 0 to 1.", labels: labels) {
            status().snapshot?.share ?? 0
        }
        metrics.counter("buz_source_events_total", "Events handed over.", labels: labels) { status().events }
        metrics.counter("buz_source_transactions_total", "Transactions handed over.", labels: labels) {
            status().transactions
        }
        metrics.counter("buz_source_received_bytes_total", "Bytes of replication messages.", labels: labels) {
            status().receivedBytes
        }
        metrics.counter("buz_source_reconnects_total", "Connections that were made anew.", labels: labels) {
            UInt64(status().reconnects)
        }
    }
}
